#!/usr/bin/env python3
"""loop.py HOST PORT TOKEN INTERVAL_MS

The least that Python can do: a loop that reads the machine and posts it to ThingsBoard by CoAP from a bare socket, confirmable, with
retransmission (RFC 7252 section 4.2). It keeps nothing.
"""
import json
import random
import socket
import struct
import sys
import time

from readings import readings

host, port, token, interval = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4]) / 1000
wire = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
wire.connect((host, port))
mid = random.randrange(65536)


def option(delta, value):
    head = min(len(value), 13)
    return bytes([delta << 4 | head]) + (bytes([len(value) - 13]) if head == 13 else b'') + value


def post(payload):
    global mid
    mid = (mid + 1) % 65536
    tag = random.randbytes(8)
    path = [b'api', b'v1', token.encode(), b'telemetry']
    options = b''.join(option(11 if at == 0 else 0, part) for at, part in enumerate(path))
    message = struct.pack('!BBH', 0x48, 2, mid) + tag + options + b'\xff' + payload
    timeout = 2 * random.uniform(1, 1.5)
    for _ in range(5):
        wire.send(message)
        wire.settimeout(timeout)
        try:
            while True:
                answer = wire.recv(2048)
                if answer[4:12] == tag:
                    return answer[1] >> 5 == 2
        except OSError:
            timeout *= 2
    return False


start = time.monotonic()
beat = 0
while True:
    sample = {'ts': int(time.time() * 1000), 'values': readings()}
    post(json.dumps(sample, separators=(',', ':')).encode())
    beat += 1
    time.sleep(max(0, start + beat * interval - time.monotonic()))
