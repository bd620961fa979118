#!/bin/bash
# loop.sh COAP_CLIENT HOST PORT TOKEN INTERVAL_S: the same by hand, with the tools that a system has and libcoap's client, confirmable.
set -u
client=$1 url="coap://$2:$3/api/v1/$4/telemetry" interval=$5
while :; do
  load=$(cut -d ' ' -f 1 /proc/loadavg)
  uptime=$(cut -d . -f 1 /proc/uptime)
  cpu=$(awk '/^cpu / { print 100 * (1 - $5 / ($2 + $3 + $4 + $5 + $6 + $7 + $8)) }' /proc/stat)
  memory=$(awk '/MemTotal/ { total = $2 } /MemAvailable/ { print 100 * (1 - $2 / total) }' /proc/meminfo)
  disk=$(df --output=pcent / | tail -n 1 | tr -d ' %')
  read -r received sent < <(awk -F '[: ]+' 'NR > 2 && $2 != "lo" { print $3, $11 }' /proc/net/dev)
  values="{\"cpuUsage\":$cpu,\"load1\":$load,\"memoryUsage\":$memory,\"diskUsage\":$disk,\"uptime\":$uptime,\"rxBytes\":${received:-0},\"txBytes\":${sent:-0}}"
  "$client" -m post -t 50 -e "{\"ts\":$(date +%s%3N),\"values\":$values}" "$url" >/dev/null 2>&1
  sleep "$interval"
done
