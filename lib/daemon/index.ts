/** What a program needs to run as a daemon. */
export { Daemon, daemonize, redirectOutput, type DaemonizeOptions } from './daemonize.js';
export { become, IdentityError, identityOf, type Identity } from './identity.js';
export { checkPidFile, PidFile, PidFileError, pidOf, writePidFile } from './pid-file.js';
