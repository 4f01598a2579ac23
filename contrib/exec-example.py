#!/usr/bin/env python3
# A source in ten lines: slowdive exec:contrib/exec-example.py
import json, os, sys, time

while True:
    disk = os.statvfs(sys.argv[1] if len(sys.argv) > 1 else "/")
    free = {"kind": "metric", "name": "disk.free", "unit": "bytes", "value": disk.f_bavail * disk.f_frsize}
    load = {"kind": "metric", "name": "host.load", "labels": "minutes=1", "value": os.getloadavg()[0]}
    for record in (free, load):
        print(json.dumps(record), flush=True)
    time.sleep(1)
