// wait() blocks until a child ends, and tells which one and how.
import { decodeWaitStatus, fork, getpid, getppid, wait } from 'truefork';

function family(exitCode) {
  if (fork() === 0) {
    console.log(`child:  pid ${getpid()} of parent ${getppid()} ends with exit code ${exitCode}`);
    process.exit(exitCode);
  }
  const { pid, status } = wait();
  console.log(`parent: pid ${getpid()} has waited for child ${pid}: status ${status} = 0x${status.toString(16)}`);
  console.log('        decoded:', decodeWaitStatus(status));
}

family(0);
family(7);
