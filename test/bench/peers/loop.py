#!/usr/bin/env python3
"""loop.py HOST PORT TOKEN INTERVAL_MS

The way it is usually begun: a loop that reads the machine and posts it to ThingsBoard by CoAP, confirmable, with retransmission
(RFC 7252 section 4.2). It keeps nothing.
"""
import json
import os
import random
import socket
import struct
import sys
import time

host, port, token, interval = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4]) / 1000
wire = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
wire.connect((host, port))
mid = random.randrange(65536)
before = None


def read(path):
    with open(path) as file:
        return file.read()


def cpu():
    """Per cent of the time since the last look."""
    global before
    times = [int(part) for part in read('/proc/stat').split('\n', 1)[0].split()[1:9]]
    idle, total = times[3] + times[4], sum(times)
    last, before = before, (idle, total)
    if last is None or total == last[1]:
        return None
    return round(100 * (1 - (idle - last[0]) / (total - last[1])), 2)


def readings():
    meminfo = dict(line.split(':', 1) for line in read('/proc/meminfo').splitlines())
    kib = {name: int(text.split()[0]) for name, text in meminfo.items()}
    disk = os.statvfs('/')
    values = {
        'cpuUsage': cpu(),
        'load1': float(read('/proc/loadavg').split()[0]),
        'memoryUsage': round(100 * (1 - kib['MemAvailable'] / kib['MemTotal']), 3),
        'memoryAvailableMb': round(kib['MemAvailable'] / 1024, 3),
        'swapUsage': round(100 * (1 - kib['SwapFree'] / kib['SwapTotal']), 3) if kib['SwapTotal'] else 0,
        'diskUsage': round(100 * (1 - disk.f_bavail / disk.f_blocks), 2),
        'diskFreeGb': round(disk.f_bavail * disk.f_frsize / 1e9, 3),
        'uptime': round(float(read('/proc/uptime').split()[0])),
    }
    for line in read('/proc/net/dev').splitlines()[2:]:
        name, counters = line.split(':')
        fields = counters.split()
        if name.strip() != 'lo':
            values['rxBytes'], values['txBytes'] = int(fields[0]), int(fields[8])
    try:
        values['cpuTemperature'] = int(read('/sys/class/thermal/thermal_zone0/temp')) / 1000
    except OSError:
        pass
    return {name: value for name, value in values.items() if value is not None}


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
