// A process that holds a lock and asks for it again waits for itself. A re-entrant lock counts how often it was taken.
import { _exit, fork, getpid, waitpid } from 'truefork';
import { Lock, RLock } from 'truefork/ipc';

const lock = new Lock();
const rlock = new RLock();

console.log(`parent: pid ${getpid()} takes the lock: ${lock.acquire()}`);
console.log(`parent: takes it again, with a limit: ${lock.acquire({ timeout: 50 })}`);
try {
  lock.acquire();
} catch (error) {
  console.log(`parent: takes it again, without one:  ${error.code}, it would wait for ever`);
}
tell('lock', lock);
lock.release();
console.log('parent: has released it');
tell('lock', lock);

console.log(`parent: takes the re-entrant lock: ${rlock.acquire()}`);
console.log(`parent: takes it again:            ${rlock.acquire()}`);
rlock.release();
console.log('parent: has released it once');
tell('re-entrant lock', rlock);
rlock.release();
console.log('parent: has released it twice');
tell('re-entrant lock', rlock);

/** Says whether another process can have it. */
function tell(name, it) {
  const pid = fork();
  if (pid === 0) {
    const taken = it.tryAcquire();
    console.log(`child:  pid ${getpid()} ${taken ? 'has got' : 'does not get'} the ${name}`);
    if (taken) it.release(); // To end with a lock is to die with it: the others would be told.
    _exit(0);
  }
  waitpid(pid, 0);
}
