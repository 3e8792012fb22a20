// accept4 that blocks: node posix-accept.mjs <case>.
import assert from 'node:assert/strict';
import {
  accept4,
  AF_INET,
  bind,
  connect,
  getpid,
  getsockname,
  InterruptedError,
  listen,
  pause,
  SA_RESTART,
  sigaction,
  SOCK_CLOEXEC,
  SOCK_STREAM,
  socket,
} from 'truefork';
import { child, runCase, signalAsleep, untilItSleeps } from './posix-cases.mjs';

const main = getpid();
const listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
bind(listener, '127.0.0.1', 0);
listen(listener, 1);
const { port } = getsockname(listener);

const connects = () => connect(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), '127.0.0.1', port);

const handled = (handler, flags) => sigaction('SIGALRM', { handler, mask: [], flags });

await runCase({
  'waits-for-a-connection'() {
    child(() => {
      untilItSleeps(main);
      connects();
    });
    assert.ok(accept4(listener, SOCK_CLOEXEC) > listener);
  },
  interrupted() {
    let ran = 0;
    handled(() => ran++, 0);
    child(() => signalAsleep(main, 'SIGALRM'));
    assert.throws(
      () => accept4(listener, SOCK_CLOEXEC),
      (error) => {
        assert.equal(ran, 1);
        assert.ok(error instanceof InterruptedError, String(error));
        assert.deepEqual([error.code, error.syscall, error.fd], ['EINTR', 'accept4', listener]);
        return true;
      },
    );
    child(connects);
    accept4(listener, SOCK_CLOEXEC);
  },
  restarted() {
    let ran = 0;
    handled(() => ran++, SA_RESTART);
    child(() => {
      signalAsleep(main, 'SIGALRM', 5);
      untilItSleeps(main);
      connects();
    });
    accept4(listener, SOCK_CLOEXEC);
    assert.equal(ran, 0);
    pause();
    assert.equal(ran, 1);
  },
  'the-handlers-error'() {
    const thrown = new Error('of the handler');
    handled(() => {
      throw thrown;
    }, 0);
    child(() => signalAsleep(main, 'SIGALRM'));
    assert.throws(() => accept4(listener, SOCK_CLOEXEC), thrown);
  },
});
