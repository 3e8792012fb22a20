# The same of Python's multiprocessing: `ipc-times.py WAY KIND COUNT`.
import multiprocessing
import sys
import time

way, kind, count = sys.argv[1], sys.argv[2], int(sys.argv[3])


def item(n):
    return {"id": n, "name": "an item", "list": [1, 2, 3]}


def other(receive, send):
    for n in range(count):
        send(receive() if kind == "trip" else item(n))


context = multiprocessing.get_context("fork")
if way == "queue":
    there, back = context.Queue(), context.Queue()
    mine, its = (back.get, there.put), (there.get, back.put)
else:
    one, two = context.Pipe()
    mine, its = (one.recv, one.send), (two.recv, two.send)
process = context.Process(target=other, args=its)
process.start()
start = time.perf_counter_ns()
for n in range(count):
    if kind == "trip":
        mine[1](n)
    mine[0]()
print((time.perf_counter_ns() - start) / count)
process.join()
