// The nanoseconds that a system call takes from JavaScript: as syscall-times.c, with who makes it as the first argument.
import { spawn } from 'node:child_process';
import { readSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import * as posix from '../../dist/posix/index.mjs';

const { MAP_ANONYMOUS, MAP_PRIVATE, PROT_READ, PROT_WRITE, WNOHANG } = posix;
const [who, row, calls] = process.argv.slice(2);
const MAPPED = [PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0];

const one = new Uint8Array(1);
const data = new Uint8Array(65536);
const [reader, writer] = posix.pipe2(0);
// Ends with this process, whatever that ends by.
const child = spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'] });
const { pid } = child;

/** Undefined: there is no such thing in Node.js. */
const contestants = {
  truefork: () => {
    const { getppid, kill, waitpid, read, write, mmap, munmap } = posix;
    return {
      getppid,
      kill: () => kill(pid, 0),
      waitpid: () => waitpid(pid, WNOHANG),
      byte: () => write(writer, one) + read(reader, one),
      block: () => write(writer, data) + read(reader, data),
      mmap: () => munmap(mmap(null, 4096, ...MAPPED)),
    };
  },
  node: () => ({
    getppid: () => process.ppid,
    kill: () => process.kill(pid, 0),
    byte: () => writeSync(writer, one) + readSync(reader, one),
    block: () => writeSync(writer, data) + readSync(reader, data),
  }),
  koffi: () => {
    const koffi = createRequire(new URL('../peers/', import.meta.url))('koffi');
    const libc = koffi.load(null);
    const getppid = libc.func('int getppid()');
    const kill = libc.func('int kill(int, int)');
    const waitpid = libc.func('int waitpid(int, _Out_ int *, int)');
    const write = libc.func('long write(int, const void *, size_t)');
    const read = libc.func('long read(int, void *, size_t)');
    const mmap = libc.func('void *mmap(void *, size_t, int, int, int, int64_t)');
    const munmap = libc.func('int munmap(void *, size_t)');
    const status = [0];
    return {
      getppid,
      kill: () => kill(pid, 0),
      waitpid: () => waitpid(pid, status, WNOHANG),
      byte: () => write(writer, one, 1) + read(reader, one, 1),
      block: () => write(writer, data, 65536) + read(reader, data, 65536),
      mmap: () => {
        const address = mmap(null, 4096, ...MAPPED);
        // What JavaScript reads and writes it by; nothing takes it away.
        koffi.view(address, 4096);
        munmap(address, 4096);
      },
    };
  },
};

const call = contestants[who]()[row];
for (let n = 0; n < calls / 10 + 2000; n++) call();
const start = process.cpuUsage();
for (let n = 0; n < calls; n++) call();
const { user, system } = process.cpuUsage(start);
console.log(((user + system) * 1e3) / calls);
child.kill('SIGKILL');
