// Which signal went from whom to whom, and what it did there.
import { SI_KERNEL, signalName, signalNumber, type Signal } from '../posix/index.js';
import type { Actor, Cast } from './cast.js';
import type { LogRecord } from './log.js';
import type { SignalEffect, Span, TimelineSignal } from './timeline.js';

/** A signal that was sent, and has not been seen to arrive. */
interface Sent {
  readonly number: number;
  readonly from: Actor;
  readonly to: Actor;
  readonly at: number;
}

interface Arrival {
  readonly number: number;
  readonly to: Actor;
  readonly at: number;
  readonly effect: SignalEffect;
  /** Who has sent it, where that is told; 0: the kernel. */
  readonly sender: number | undefined;
}

function isSending({ kind, end, result }: LogRecord): boolean {
  const sends = ['kill', 'killpg', 'sigqueue', 'raise', 'pidfd_send_signal'].includes(kind);
  // A signal that ends its sender does not let the call come back.
  return sends && (end === undefined || result >= 0);
}

function lives({ born, died }: Actor, at: number): boolean {
  return born <= at && (died === undefined || died >= at);
}

function groupOf({ groups }: Actor, at: number): number | undefined {
  return (groups.findLast((group) => group.at <= at) ?? groups[0])?.pgid;
}

function receivers(cast: Cast, { kind, a, begin }: LogRecord, from: Actor): Actor[] {
  const group = kind === 'killpg' || a <= 0 ? (Math.abs(a) === 0 ? groupOf(from, begin) : Math.abs(a)) : undefined;
  if (group === undefined) {
    const one = cast.at(a, begin);
    return one ? [one] : [];
  }
  return cast.actors.filter((actor) => lives(actor, begin) && groupOf(actor, begin) === group);
}

const stops: readonly Signal[] = ['SIGSTOP', 'SIGTSTP', 'SIGTTIN', 'SIGTTOU'];

// What the receiver itself tells, and what is seen of it.
function arrivalsAt(to: Actor, spans: readonly Span[]): Arrival[] {
  const arrivals: Arrival[] = [];
  for (const { kind, begin, end = begin, result, a, x, y } of to.calls) {
    const sender = y === SI_KERNEL ? 0 : a;
    if (kind === 'takeSignal') arrivals.push({ number: x, to, at: begin, effect: 'handled', sender });
    if (kind === 'handled') arrivals.push({ number: x, to, at: begin, effect: 'handled', sender: undefined });
    if (kind === 'sigtimedwait' && result > 0) arrivals.push({ number: x, to, at: end, effect: 'accepted', sender });
  }
  return arrivals.concat(changesOf(to, spans)).sort((one, other) => one.at - other.at);
}

function changesOf(to: Actor, spans: readonly Span[]): Arrival[] {
  return spans.flatMap((span, index): Arrival[] => {
    if (span.state !== 'stopped') return [];
    const stop: Arrival = { number: -1, to, at: span.begin, effect: 'stopped', sender: undefined };
    const next = spans[index + 1];
    const goesOn = next !== undefined && next.state !== 'zombie' && next.state !== 'stopped';
    return goesOn
      ? [stop, { number: signalNumber('SIGCONT'), to, at: span.end, effect: 'continued', sender: undefined }]
      : [stop];
  });
}

function matches(sent: Sent, { number, sender, at, effect }: Arrival): boolean {
  if (sent.at > at) return false;
  if (effect === 'stopped') return stops.includes(signalName(sent.number));
  return sent.number === number && (sender === undefined || sent.from.pid === sender);
}

// Nobody in the timeline has sent it: the kernel, a stranger; SIGCHLD is that of a child that has ended.
function unsent({ number, to, at, effect, sender }: Arrival, cast: Cast): TimelineSignal | undefined {
  if (number < 0 || effect === 'continued') return undefined;
  const from = sender === undefined ? lastDead(number, to, at, cast) : sender === 0 ? undefined : cast.at(sender, at);
  const sent = signalName(number) === 'SIGCHLD' && from?.died !== undefined ? Math.min(from.died, at) : at;
  return { signal: signalName(number), from: from?.id ?? null, to: to.id, sent, arrived: at, effect };
}

/** That a child is dead may be seen a little later than its parent learns of it, in milliseconds. */
const LATE = 5;

function lastDead(number: number, parent: Actor, at: number, { actors }: Cast): Actor | undefined {
  if (signalName(number) !== 'SIGCHLD') return undefined;
  const dead = actors.filter(({ parent: of, died = Infinity }) => of === parent && died <= at + LATE);
  return dead.sort((one, other) => (one.died ?? 0) - (other.died ?? 0)).at(-1);
}

/** @param spans those of each actor, by its id */
export function signalsOf(cast: Cast, spans: readonly (readonly Span[])[]): TimelineSignal[] {
  const underWay = new Map<Actor, Sent[]>(cast.actors.map((actor) => [actor, []]));
  for (const sent of cast.actors.flatMap((from) => sendings(cast, from)).sort((one, other) => one.at - other.at)) {
    underWay.get(sent.to)?.push(sent);
  }
  const signals: TimelineSignal[] = [];
  for (const [actor, coming] of underWay) {
    for (const arrival of arrivalsAt(actor, spans[actor.id] ?? [])) {
      const index = coming.findIndex((sent) => matches(sent, arrival));
      const [sent] = index < 0 ? [] : coming.splice(index, 1);
      const signal = sent ? { ...ends(sent), arrived: arrival.at, effect: arrival.effect } : unsent(arrival, cast);
      if (signal) signals.push(signal);
    }
    for (const sent of coming) signals.push(withoutAnswer(sent));
  }
  return signals.sort((one, other) => one.sent - other.sent);
}

function sendings(cast: Cast, from: Actor): Sent[] {
  return from.calls.filter(isSending).flatMap((record) => {
    return receivers(cast, record, from).map((to) => ({ number: record.x, from, to, at: record.begin }));
  });
}

function ends({ number, from, to, at }: Sent): Pick<TimelineSignal, 'signal' | 'from' | 'to' | 'sent'> {
  return { signal: signalName(number), from: from.id, to: to.id, sent: at };
}

function withoutAnswer(sent: Sent): TimelineSignal {
  const { to, number, at } = sent;
  const killed = to.end?.state === 'signaled' && to.end.signal === signalName(number) && (to.died ?? 0) >= at;
  if (killed) return { ...ends(sent), arrived: to.died ?? at, effect: 'killed' };
  return { ...ends(sent), arrived: at, effect: 'none' };
}
