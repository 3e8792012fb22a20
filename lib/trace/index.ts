/**
 * Records what processes do, and draws it as a timeline.
 *
 * @module truefork/trace
 */
export { TraceError, type TraceErrorCode } from './errors.js';
export { traceProgram, type TracedProgram, type TraceProgramOptions } from './program.js';
export { record, type Recording, type RecordOptions } from './record.js';
export { mark } from './recorder.js';
export type {
  ProcessState,
  SignalEffect,
  Span,
  Timeline,
  TimelineEvent,
  TimelineMessage,
  TimelineProcess,
  TimelineSignal,
} from './timeline.js';
export { toSvg, type SvgOptions } from './svg.js';
export { toHtml } from './html.js';
export { toPerfetto } from './perfetto.js';
export { toText, type TextOptions } from './text.js';
