#!/usr/bin/env python3
"""aio.py HOST PORT TOKEN INTERVAL_MS

A loop with the library aiocoap: asyncio, one context, a confirmable POST an interval. It keeps nothing.
"""
import asyncio
import json
import sys
import time

from aiocoap import POST, Context, Message
from aiocoap.error import Error

from readings import readings

host, port, token, interval = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4]) / 1000
uri = f'coap://{host}:{port}/api/v1/{token}/telemetry'


async def main():
    context = await Context.create_client_context()
    due = time.monotonic()
    while True:
        sample = {'ts': int(time.time() * 1000), 'values': readings()}
        post = Message(code=POST, uri=uri, payload=json.dumps(sample, separators=(',', ':')).encode())
        try:
            await context.request(post).response
        except Error as error:
            print(f'not delivered: {error!r}', file=sys.stderr)
        due += interval
        await asyncio.sleep(max(0, due - time.monotonic()))


asyncio.run(main())
