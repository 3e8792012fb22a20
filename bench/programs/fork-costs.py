# os.fork, os._exit and os.waitpid of CPython. Arguments: megabytes, rounds. Prints as fork-costs.mjs does.
import gc
import json
import os
import sys
import time

megabytes, rounds = map(int, sys.argv[1:])


def rss():
    with open('/proc/self/statm') as statm:
        return int(statm.read().split()[1]) * os.sysconf('SC_PAGESIZE') / 2**20


kept = []
gc.disable()
while rss() < megabytes:
    for n in range(1000):
        kept.append({'n': n, 'text': f'object {n}', 'list': [n, n + 1, n + 2]})

times = []
for _ in range(rounds):
    start = time.monotonic_ns()
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    times.append((time.monotonic_ns() - start) / 1e3)
print(json.dumps({'rss': rss(), 'python': times}))
