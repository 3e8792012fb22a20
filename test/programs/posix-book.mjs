// Programs of a book on processes, line by line: node posix-book.mjs <program>. The book's second is a fourth of one. Where the
// book trusts that a second is enough for a process to get its turn, a gate says that it has.
import {
  alarm,
  fork,
  getpid,
  getppid,
  ITIMER_REAL,
  kill,
  pause,
  setitimer,
  SIG_IGN,
  siginterrupt,
  signal,
  sigpending,
  SIG_BLOCK,
  SIG_SETMASK,
  sigprocmask,
  sleepThrough,
  waitpid,
} from 'truefork';
import { gate } from './posix-cases.mjs';

const SECOND = 0.25;
const print = console.log;
// Python's time.sleep().
const sleep = (seconds) => sleepThrough(seconds * SECOND);

const programs = {
  kill() {
    const printed = gate();
    const pid = fork();
    if (pid === 0) {
      print(`child PPID=${getppid()}`);
      while (true) {
        print('here I am');
        printed.open();
        sleep(1);
      }
    } else {
      print(`parent PID=${getpid()}`);
      printed.wait();
      sleep(3);
      print('enough');
      kill(pid, 'SIGKILL');
      const { pid: wpid, status } = waitpid(-1, 0);
      print(`reaped: ${wpid === pid}, Status=${status}`);
    }
  },

  caught() {
    const printInfo = (_, signalnum) => print(`signal ${signalnum} came`);
    signal('SIGINT', printInfo);
    signal('SIGQUIT', SIG_IGN);
    while (true) {
      print('I do not end');
      sleep(1000);
    }
  },

  'last-words'() {
    const printInfo = (_, signalnum) => print(`last words: ${signalnum}`);
    signal('SIGINT', printInfo);
    signal('SIGQUIT', printInfo);
    siginterrupt('SIGINT', false);
    siginterrupt('SIGQUIT', false);
    print('waits');
    pause();
  },

  'not-inherited'() {
    const parent = getpid();
    // Late enough for the child's birth.
    alarm(2);
    const pid = fork();
    if (pid === 0) {
      for (let i = 0; i < 5; i++) {
        print('here I am');
        sleep(1);
      }
      while (getppid() === parent) sleep(1);
    } else {
      waitpid(pid, 0);
    }
    print('last words');
  },

  count() {
    setitimer(ITIMER_REAL, SECOND, 0);
    let i = 0;
    while (true) {
      print(i);
      i += 1;
    }
  },

  periodic() {
    const sayHai = () => print('I come again and again');
    signal('SIGALRM', sayHai);
    setitimer(ITIMER_REAL, 1 * SECOND, 3 * SECOND);
    while (true) {
      print('I do other things');
      sleep(1);
    }
  },

  pending() {
    signal('SIGUSR1', () => print('handled'));
    sigprocmask(SIG_BLOCK, ['SIGUSR1']);
    kill(getpid(), 'SIGUSR1');
    print(sigpending().join());
    sigprocmask(SIG_SETMASK, []);
    print(sigpending().join());
  },
};

programs[process.argv[2]]();
