/**
 * What a program needs to run as a daemon.
 *
 * @module truefork/daemon
 */
export { Daemon, daemonize, type DaemonizeOptions } from './daemonize.js';
export { become, IdentityError, identityOf, type Identity } from './identity.js';
export { redirectOutput } from './output.js';
export { checkPidFile, PidFile, PidFileError, readPidFile, writePidFile } from './pid-file.js';
export { answersHttp, answersTcp } from './probes.js';
export type { Program } from './program.js';
export { supervise, type SuperviseOptions } from './supervise.js';
export type { Check, Checked, Supervisor, SupervisorEnding, SupervisorEvents } from './supervisor.js';
export type { SupervisorFact, SupervisorLog, SupervisorRecord } from './supervisor-log.js';
