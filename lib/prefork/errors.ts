import type { ExitStatus } from '../posix/index.js';

/** @inline */
interface Details {
  /** Of who has failed. */
  readonly status?: ExitStatus | undefined;
  /** What it has failed by. */
  readonly cause?: unknown;
}

/** The server could not be started, or its workers not be replaced, or their number not be changed, or the master not be replaced; `code` says which. */
export class PreforkError extends Error {
  readonly code:
    /** This process has a prefork server already, or is a fork of one that has: a worker, say. */
    | 'ERR_PREFORK_TAKEN'
    /** The socket that this process was started with cannot be listened on. */
    | 'ERR_PREFORK_INHERIT'
    /** The workers end before they are ready. */
    | 'ERR_PREFORK_BOOT'
    /** The application could not be loaded. */
    | 'ERR_PREFORK_MOLD'
    | 'ERR_PREFORK_RELOAD'
    | 'ERR_PREFORK_REFORK'
    | 'ERR_PREFORK_SCALE'
    | 'ERR_PREFORK_UPGRADE';
  override readonly name = 'PreforkError';
  /** Of ERR_PREFORK_MOLD: how the mold ended that should load the application. Of ERR_PREFORK_BOOT: how the last worker ended. */
  readonly status: ExitStatus | undefined;

  constructor(code: PreforkError['code'], message: string, { status, cause }: Details = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.status = status;
  }
}

/** That a server listens which prefork is to have listen. Node.js says it so too, but in each worker. */
export function alreadyListening(): Error {
  return Object.assign(new Error('the server listens already: prefork makes the listening socket'), {
    code: 'ERR_SERVER_ALREADY_LISTEN',
  });
}
