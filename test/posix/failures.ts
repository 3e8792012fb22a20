// What each call of the families process, wait, resource and user throws for a simple cause: rows of the table in
// errors.test.ts, in which no call of the package may be missing.
import * as truefork from 'truefork/posix';
import type { ErrnoName } from 'truefork/posix';

/** `shown`: the call as the message has it; `about`: what the error has besides. A bound call returns nothing. */
export type Failure = [shown: string, code: ErrnoName, about: object, call: () => unknown];

/** No process has this id: it is more than the kernel allows. */
export const NO_PROCESS = 2 ** 22 + 1;

// Numbers that are no process, no descriptor and no resource.
const pid = NO_PROCESS;
const fd = 2 ** 31 - 1;
const path = '/proc/missing';
const param = { priority: 100 };
const limit = { cur: 1, max: 0 };
const { PRIO_PROCESS, P_PID, P_PIDFD, RLIMIT_CORE, WEXITED, WNOHANG } = truefork;

export const processFailures: Failure[] = [
  [`kill(${pid}, SIGTERM)`, 'ESRCH', { pid }, truefork.kill.bind(null, pid, 'SIGTERM')],
  [`kill(${pid}, 0)`, 'ESRCH', { pid }, truefork.kill.bind(null, pid, 0)],
  [`killpg(${pid}, SIGTERM)`, 'ESRCH', {}, truefork.killpg.bind(null, pid, 'SIGTERM')],
  ['killpg(-5, 0)', 'EINVAL', {}, truefork.killpg.bind(null, -5, 0)],
  [`getpgid(${pid})`, 'ESRCH', { pid }, () => truefork.getpgid(pid)],
  [`setpgid(${pid}, 0)`, 'ESRCH', { pid }, truefork.setpgid.bind(null, pid, 0)],
  [`getsid(${pid})`, 'ESRCH', { pid }, () => truefork.getsid(pid)],
  [`tcgetpgrp(${fd})`, 'EBADF', { fd }, () => truefork.tcgetpgrp(fd)],
  [`tcsetpgrp(${fd}, 2)`, 'EBADF', { fd }, truefork.tcsetpgrp.bind(null, fd, 2)],
  [`pidfd_open(${pid})`, 'ESRCH', { pid }, () => truefork.pidfd_open(pid, 0)],
  [`pidfd_getfd(${fd}, 0)`, 'EBADF', { fd }, () => truefork.pidfd_getfd(fd, 0, 0)],
  ['prctl(-1, 0)', 'EINVAL', {}, () => truefork.prctl(-1, 0)],
  [`getpriority(0, ${pid})`, 'ESRCH', {}, () => truefork.getpriority(PRIO_PROCESS, pid)],
  ['getpriority(99, 0)', 'EINVAL', {}, () => truefork.getpriority(99, 0)],
  [`setpriority(0, ${pid}, 0)`, 'ESRCH', {}, truefork.setpriority.bind(null, PRIO_PROCESS, pid, 0)],
  [`sched_getaffinity(${pid})`, 'ESRCH', { pid }, () => truefork.sched_getaffinity(pid)],
  [`sched_setaffinity(${pid})`, 'ESRCH', { pid }, truefork.sched_setaffinity.bind(null, pid, [0])],
  ['sched_setaffinity(0)', 'EINVAL', { pid: 0 }, truefork.sched_setaffinity.bind(null, 0, [])],
  [`sched_getscheduler(${pid})`, 'ESRCH', { pid }, () => truefork.sched_getscheduler(pid)],
  ['sched_setscheduler(0, 0, 100)', 'EINVAL', { pid: 0 }, truefork.sched_setscheduler.bind(null, 0, 0, param)],
  [`sched_getparam(${pid})`, 'ESRCH', { pid }, () => truefork.sched_getparam(pid)],
  ['sched_setparam(0, 100)', 'EINVAL', { pid: 0 }, truefork.sched_setparam.bind(null, 0, param)],
  ['sched_get_priority_min(99)', 'EINVAL', {}, () => truefork.sched_get_priority_min(99)],
  ['sched_get_priority_max(99)', 'EINVAL', {}, () => truefork.sched_get_priority_max(99)],
  [`chdir('${path}')`, 'ENOENT', { path }, truefork.chdir.bind(null, path)],
  [`fchdir(${fd})`, 'EBADF', { fd }, truefork.fchdir.bind(null, fd)],
  [`chroot('${path}')`, 'ENOENT', { path }, truefork.chroot.bind(null, path)],
  ['unshare(1)', 'EINVAL', {}, truefork.unshare.bind(null, 1)],
  [`setns(${fd}, 0)`, 'EBADF', { fd }, truefork.setns.bind(null, fd, 0)],
  ['wait3(16)', 'EINVAL', {}, () => truefork.wait3(16)],
  [`wait4(${pid})`, 'ECHILD', { pid }, () => truefork.wait4(pid, WNOHANG)],
  [`waitpid(${pid})`, 'ECHILD', { pid }, () => truefork.waitpid(pid, WNOHANG)],
  [`waitid(1, ${pid}, 5)`, 'ECHILD', { pid }, () => truefork.waitid(P_PID, pid, WEXITED | WNOHANG)],
  [`waitid(3, ${fd}, 5)`, 'EBADF', { fd }, () => truefork.waitid(P_PIDFD, fd, WEXITED | WNOHANG)],
  ['getrusage(99)', 'EINVAL', {}, () => truefork.getrusage(99)],
  ['getrlimit(99)', 'EINVAL', {}, () => truefork.getrlimit(99)],
  [`setrlimit(${RLIMIT_CORE})`, 'EINVAL', {}, truefork.setrlimit.bind(null, RLIMIT_CORE, limit)],
  ['prlimit(-1, 4)', 'ESRCH', { pid: -1 }, () => truefork.prlimit(-1, RLIMIT_CORE, null)],
  ['sysconf(9999)', 'EINVAL', {}, () => truefork.sysconf(9999)],
];

/** Those of these families that cannot fail, or not for a cause that a test could have without a process of its own. */
export const cannotFail = [
  'abort',
  'getcwd',
  'getegid',
  'geteuid',
  'getgid',
  'getgrnam',
  'getgroups',
  'getloadavg',
  'getpagesize',
  'getpgrp',
  'getpid',
  'getppid',
  'getpwnam',
  'getpwuid',
  'getresgid',
  'getresuid',
  'gettid',
  'getuid',
  'initgroups',
  'nice',
  'sched_yield',
  'setThreadName',
  'setegid',
  'seteuid',
  'setgid',
  'setgroups',
  'setpgrp',
  'setregid',
  'setresgid',
  'setresuid',
  'setreuid',
  'setsid',
  'setuid',
  'threadName',
  'times',
  'umask',
  'wait',
];
