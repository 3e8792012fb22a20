# What `large` of application.mjs is, for gunicorn.
import json
import os
import random

MEGABYTES = 100


def resident():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGESIZE")


def load():
    records = []
    start = resident()
    while resident() - start < MEGABYTES * 2**20:
        for n in range(5000):
            records.append({"id": len(records), "name": "record %d" % len(records), "tags": [n, n + 1]})
    return records


RECORDS = load()


def application(environ, start_response):
    body = "%d %s" % (os.getpid(), json.dumps(random.choice(RECORDS)))
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body.encode()]
