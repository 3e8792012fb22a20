/** What a recording cannot do; `code` says why. */
export type TraceErrorCode =
  /** This process records already. */
  | 'ERR_TRACE_RECORDING'
  /** Another process has begun the recording: it is for that one to stop it. */
  | 'ERR_TRACE_NOT_YOURS'
  /** The process that observes could not be started, or has not answered. */
  | 'ERR_TRACE_OBSERVER'
  /** The program could not be started; `cause` says why. */
  | 'ERR_TRACE_PROGRAM'
  /** What was to be opened is no recording, or one of another version. */
  | 'ERR_TRACE_NOT_A_RECORDING';

/** A recording that cannot do what was asked. */
export class TraceError extends Error {
  override readonly name = 'TraceError';
  readonly code: TraceErrorCode;

  constructor(code: TraceErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
