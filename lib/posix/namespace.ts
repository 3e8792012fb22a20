// Namespaces. Of each a thread has its own: these calls change the calling thread alone, and those that Node.js has started
// before, the threadpool of `fs` and `dns` among them, stay where they were. A child that is forked afterwards is in the new
// ones with all of its threads.
import { descriptor, flagBits } from './arguments.js';
import { answered } from './errno.js';
import { constant, native } from './native.js';

/** The root directory, the working directory and the umask. */
export const CLONE_FS = constant('CLONE_FS');
/** The table of descriptors. */
export const CLONE_FILES = constant('CLONE_FILES');
/** The adjustments of System V semaphores. */
export const CLONE_SYSVSEM = constant('CLONE_SYSVSEM');
/** A cgroup namespace. */
export const CLONE_NEWCGROUP = constant('CLONE_NEWCGROUP');
/** A namespace of System V IPC and POSIX message queues. */
export const CLONE_NEWIPC = constant('CLONE_NEWIPC');
/** A namespace of network devices, addresses and ports. */
export const CLONE_NEWNET = constant('CLONE_NEWNET');
/** A namespace of mounts. */
export const CLONE_NEWNS = constant('CLONE_NEWNS');
/** A namespace of pids, for the children to come. */
export const CLONE_NEWPID = constant('CLONE_NEWPID');
/** A namespace of clocks, for the children to come. Linux 5.6. */
export const CLONE_NEWTIME = constant('CLONE_NEWTIME');
/** A namespace of users and groups: for a process with one thread only, and so never for Node.js. */
export const CLONE_NEWUSER = constant('CLONE_NEWUSER');
/** A namespace of the host's name. */
export const CLONE_NEWUTS = constant('CLONE_NEWUTS');

/**
 * Gives the calling thread something of its own that it has shared.
 *
 * @param flags `CLONE_FS`, `CLONE_FILES`, `CLONE_SYSVSEM`, `CLONE_NEW…`
 * @throws {PermissionError} EPERM: new namespaces are for the privileged
 * @throws {PosixError} EINVAL: other flags, or one that is not for a process with several threads; ENOMEM, ENOSPC, EUSERS
 * @see https://man7.org/linux/man-pages/man2/unshare.2.html
 */
export function unshare(flags: number): void {
  flagBits('flags', flags);
  answered(native.unshare(flags), 'unshare', flags, {}, unshare);
}

/**
 * Moves the calling thread into the namespace of another process.
 *
 * @param fd of `/proc/PID/ns/…`; or a pidfd, since Linux 5.8
 * @param nstype of which kind it must be, `CLONE_NEW…`; 0: of any. For a pidfd: of which kinds the process's are meant
 * @throws {PermissionError} EPERM
 * @throws {PosixError} EINVAL: it is no namespace, not of that kind, or one that a process with several threads cannot enter;
 *   EBADF; ENOMEM
 * @throws {ProcessLookupError} ESRCH: the process of the pidfd has ended
 * @see https://man7.org/linux/man-pages/man2/setns.2.html
 */
export function setns(fd: number, nstype: number): void {
  descriptor(fd);
  flagBits('nstype', nstype);
  answered(native.setns(fd, nstype), 'setns', `${fd}, ${nstype}`, { fd }, setns);
}
