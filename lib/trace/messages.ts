// Who has read what whom had written: a pipe gives its bytes in the order in which it got them.
import type { Actor, Cast } from './cast.js';
import type { LogRecord } from './log.js';
import type { TimelineMessage } from './timeline.js';

interface Traffic {
  readonly actor: Actor;
  /** For a write when it began, for a read when it came back. */
  readonly at: number;
  /** When it came back. */
  readonly done: number;
  bytes: number;
}

const WRITES = ['write', 'writev', 'sendFds'];
const READS = ['read', 'readv', 'recvFds'];

function add(
  map: Map<number, Traffic[]>,
  conduit: number,
  actor: Actor,
  { begin, end = begin, result }: LogRecord,
  at: number,
) {
  const list = map.get(conduit) ?? [];
  list.push({ actor, at, done: end, bytes: result });
  map.set(conduit, list);
}

// Of a pair of sockets, what is written to one is read from the other.
function otherEnds(cast: Cast): Map<number, number> {
  const ends = new Map<number, number>();
  for (const { kind, a, b } of cast.actors.flatMap(({ calls }) => calls)) {
    if (kind !== 'socketpair' || a === 0) continue;
    ends.set(a, b);
    ends.set(b, a);
  }
  return ends;
}

export function messagesOf(cast: Cast): TimelineMessage[] {
  const written = new Map<number, Traffic[]>();
  const read = new Map<number, Traffic[]>();
  for (const actor of cast.actors) {
    for (const record of actor.calls) {
      const { kind, result, a: conduit, begin, end = begin } = record;
      if (result <= 0) continue;
      if (WRITES.includes(kind)) add(written, conduit, actor, record, begin);
      if (READS.includes(kind)) add(read, conduit, actor, record, end);
    }
  }
  const ends = otherEnds(cast);
  return [...written]
    .flatMap(([conduit, writes]) => joined(conduit, writes, read.get(ends.get(conduit) ?? conduit) ?? []))
    .sort((one, other) => one.written - other.written);
}

function joined(conduit: number, writes: Traffic[], reads: Traffic[]): TimelineMessage[] {
  // The kernel took the bytes at some moment of each call; those that came back first are taken to have been first.
  writes.sort((one, other) => one.done - other.done);
  reads.sort((one, other) => one.done - other.done);
  const messages: TimelineMessage[] = [];
  let next = 0;
  for (const write of writes) {
    while (write.bytes > 0) {
      const reader = reads[next];
      const bytes = Math.min(write.bytes, reader?.bytes ?? Infinity);
      messages.push({
        from: write.actor.id,
        to: reader?.actor.id ?? null,
        written: write.at,
        read: reader?.at ?? null,
        bytes,
        conduit,
      });
      write.bytes -= bytes;
      if (reader && (reader.bytes -= bytes) === 0) next++;
    }
  }
  return messages;
}
