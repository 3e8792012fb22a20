// An HTTP server under prefork, with the options of the argument (JSON), whose workers can be blocked. Its log goes to
// stderr, as what a worker writes of itself: what came first is first there.
//
// /loop, /read: the worker does nothing else from then on. /slow: until the master says that it hangs.
import { writeSync } from 'node:fs';
import { createServer } from 'node:http';
import { isPosixError, O_CLOEXEC, O_NONBLOCK, pipe2, read, write } from 'truefork/posix';
import { prefork } from 'truefork/prefork';

const [said, say] = pipe2(O_CLOEXEC | O_NONBLOCK);

function loopForever() {
  for (;;);
}

function readForever() {
  read(pipe2(0)[0], new Uint8Array(1));
}

function takeLong() {
  for (;;) {
    try {
      return read(said, new Uint8Array(1));
    } catch (error) {
      if (!isPosixError(error, 'EAGAIN')) throw error;
    }
  }
}

const server = createServer((request, response) => {
  if (request.url === '/loop') loopForever();
  if (request.url === '/read') readForever();
  if (request.url === '/slow') takeLong();
  response.end(String(process.pid));
});

const { port } = (
  await prefork(server, {
    host: '127.0.0.1',
    ...JSON.parse(process.argv[2] ?? '{}'),
    log(line) {
      writeSync(2, `${line}\n`);
      if (line.includes(' hangs ')) write(say, Uint8Array.of(1));
    },
  })
).address;
console.log(`port=${port}`);
