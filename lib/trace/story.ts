// From the two logs of a recording to its timeline.
import { signalsOf } from './arrows.js';
import { Cast, type Actor, type Root } from './cast.js';
import { now } from './clock.js';
import type { Log, LogRecord } from './log.js';
import { messagesOf } from './messages.js';
import { errorOf, sentence } from './sentences.js';
import { spansOf } from './spans.js';
import type { Tape } from './tape.js';
import type { Timeline, TimelineEvent, TimelineProcess } from './timeline.js';

function all(log: Log): { records: LogRecord[]; torn: number } {
  const slots = Array.from({ length: log.length }, (_, slot) => log.at(slot));
  const records = slots.filter((record) => record !== undefined);
  return { records, torn: slots.length - records.length };
}

/** Each behind who made it: the order of the lanes. */
function inTreeOrder(actors: readonly Actor[]): Actor[] {
  const children = (parent: Actor | undefined): Actor[] =>
    actors
      .filter((actor) => actor.parent === parent)
      .sort((one, other) => one.born - other.born || one.id - other.id)
      .flatMap((actor) => [actor, ...children(actor)]);
  return children(undefined);
}

/**
 * Tells what was recorded until now.
 *
 * @param root the program that was traced, if nobody in the timeline waits for it
 */
export function tell(tape: Tape, root?: Root): Timeline {
  const calls = all(tape.calls);
  const observations = all(tape.observations);
  const cast = new Cast([...calls.records, ...observations.records], root);
  const over = now();
  // What was there before is there from the beginning.
  const begin = tape.begin;
  const shifted = (time: number) => Math.max(time - begin, 0);
  const spans = cast.actors.map((actor) => spansOf(actor, over));

  const processes = inTreeOrder(cast.actors).map((actor): TimelineProcess => {
    const { id, pid, parent, name, programs, born, died, reaped, reaper, end, adopted } = actor;
    return {
      id,
      pid,
      parent: parent?.id ?? null,
      name,
      programs: programs.map((program) => ({ ...program, at: shifted(program.at) })),
      born: shifted(born),
      died: died === undefined ? null : shifted(died),
      reaped: reaped === undefined ? null : shifted(Math.max(reaped, died ?? reaped)),
      reapedBy: reaper?.actor.id ?? null,
      end: died === undefined ? null : (end ?? null),
      adopted: adopted.map((adoption) => {
        return { at: shifted(adoption.at), pid: adoption.pid, by: cast.at(adoption.pid, adoption.at)?.id ?? null };
      }),
      spans: (spans[id] ?? []).map((span) => ({ ...span, begin: shifted(span.begin), end: shifted(span.end) })),
    };
  });

  const events = cast.actors
    .flatMap((actor) => actor.calls.filter(({ kind }) => kind !== 'born').map((record) => ({ actor, record })))
    .sort((one, other) => one.record.begin - other.record.begin)
    .map(({ actor, record }): TimelineEvent => {
      const error = errorOf(record);
      return {
        at: shifted(record.begin),
        end: record.end === undefined ? null : shifted(record.end),
        process: actor.id,
        kind: (record.kind === 'takeSignal' ? 'handled' : record.kind) as TimelineEvent['kind'],
        text: sentence(record),
        ...(error !== undefined && { error }),
      };
    });

  return {
    version: 1,
    startedAt: tape.wallClock,
    duration: shifted(over),
    processes,
    events,
    signals: signalsOf(cast, spans).map((signal) => {
      return { ...signal, sent: shifted(signal.sent), arrived: shifted(signal.arrived) };
    }),
    messages: messagesOf(cast).map((message) => {
      return {
        ...message,
        written: shifted(message.written),
        read: message.read === null ? null : shifted(message.read),
      };
    }),
    dropped: tape.calls.dropped + tape.observations.dropped,
    torn: calls.torn + observations.torn,
  };
}
