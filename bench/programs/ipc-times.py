# The same of Python's multiprocessing: `ipc-times.py WAY KIND COUNT`.
import multiprocessing
import sys
import time

# Half as many go before, whose time does not count.
way, kind, count = sys.argv[1], sys.argv[2], int(sys.argv[3])


def item(n):
    return {"id": n, "name": "an item", "list": [1, 2, 3]}


warm_up = count // 2


def other(receive, send, gate):
    for times in warm_up, count:
        for n in range(times):
            send(receive() if kind == "trip" else item(n))
        gate.recv()


context = multiprocessing.get_context("fork")
if way == "queue":
    there, back = context.Queue(), context.Queue()
    mine, its = (back.get, there.put), (there.get, back.put)
else:
    one, two = context.Pipe()
    mine, its = (one.recv, one.send), (two.recv, two.send)
gate, its_gate = context.Pipe()
process = context.Process(target=other, args=(*its, its_gate))
process.start()
for times in warm_up, count:
    start = time.perf_counter_ns()
    for n in range(times):
        if kind == "trip":
            mine[1](n)
        mine[0]()
    each = (time.perf_counter_ns() - start) / times
    gate.send("go")
print(each)
process.join()
