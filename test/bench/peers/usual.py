#!/usr/bin/env python3
"""usual.py HOST PORT TOKEN INTERVAL_MS

How ThingsBoard's own sample does it, in a loop: CoAPthon3's HelperClient and a confirmable POST an interval. It keeps nothing.
"""
import json
import logging
import sys
import time

from coapthon.client.helperclient import HelperClient

from readings import readings

logging.disable(logging.WARNING)  # CoAPthon3 logs every message

host, port, token, interval = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4]) / 1000
client = HelperClient(server=(host, port))
due = time.monotonic()
while True:
    sample = {'ts': int(time.time() * 1000), 'values': readings()}
    answer = client.post(f'/api/v1/{token}/telemetry', json.dumps(sample, separators=(',', ':')), timeout=interval)
    if answer is None:
        print('not delivered', file=sys.stderr)
    due += interval
    time.sleep(max(0, due - time.monotonic()))
