"""What the contenders in Python read: the values of one report, by the keys that Pipit uses, but for rxBytes and txBytes."""
import os

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
