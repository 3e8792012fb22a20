# The nanoseconds that a system call takes from CPython: as syscall-times.c.
import mmap
import os
import signal
import sys
import time

row, calls = sys.argv[1], int(sys.argv[2])
data = bytes(65536)
one = bytes(1)
reader, writer = os.pipe()
life = os.pipe()
child = os.fork()
if child == 0:
    # Until the parent has ended.
    os.close(life[1])
    os.read(life[0], 1)
    os._exit(0)

getppid, kill, waitpid, read, write, WNOHANG = os.getppid, os.kill, os.waitpid, os.read, os.write, os.WNOHANG
PRIVATE = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS


def byte():
    write(writer, one)
    read(reader, 1)


def block():
    write(writer, data)
    read(reader, 65536)


ROWS = {
    'getppid': getppid,
    'kill': lambda: kill(child, 0),
    'waitpid': lambda: waitpid(child, WNOHANG),
    'byte': byte,
    'block': block,
    'mmap': lambda: mmap.mmap(-1, 4096, PRIVATE).close(),
}

call = ROWS[row]
for _ in range(calls // 10):
    call()
start = time.process_time_ns()
for _ in range(calls):
    call()
print((time.process_time_ns() - start) / calls)
os.kill(child, signal.SIGKILL)
os.waitpid(child, 0)
