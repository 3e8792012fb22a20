// What a process was doing, from its birth until somebody waited for it.
import { INSTANT, type Actor } from './cast.js';
import { blocks } from './kinds.js';
import type { LogRecord } from './log.js';
import type { ProcessState, Span } from './timeline.js';

const publicNames: Readonly<Record<string, string>> = { sigsuspend: 'pause', recvFds: 'recvmsg', sendFds: 'sendmsg' };

const states: Readonly<Record<string, ProcessState>> = { R: 'running', S: 'sleeping', T: 'stopped' };

// By what was seen from outside. That it sleeps is so until it tells something itself: then it runs, until it is looked at again.
function seen({ states: samples, calls, born }: Actor, end: number): Span[] {
  const told = calls.flatMap(({ begin, end: back = begin }) => [begin, back]);
  const changes: Span[] = samples.map(({ begin, x, text }) => {
    const state = states[String.fromCharCode(x)] ?? 'running';
    return { state, begin, end, sampled: true, ...(state === 'sleeping' && text !== '' && { in: text }) };
  });
  for (const begin of told) changes.push({ state: 'running', begin, end, sampled: true });
  changes.sort((one, other) => one.begin - other.begin);
  const spans: Span[] = [];
  let current: Span = { state: 'running', begin: born, end, sampled: true };
  for (const change of changes) {
    // Whoever is stopped tells nothing: that it did not run is known from outside alone.
    if (change.begin <= current.begin) current = { ...change, begin: current.begin };
    else if (change.begin < end && (change.state !== current.state || change.in !== current.in)) {
      spans.push({ ...current, end: change.begin });
      current = change;
    }
  }
  return [...spans, { ...current, end }];
}

// The call in the place of what was seen meanwhile, but that it was stopped.
function overlaid(spans: readonly Span[], call: Span): Span[] {
  return spans.flatMap((span) => {
    if (span.end <= call.begin || span.begin >= call.end || span.state === 'stopped') return [span];
    return [
      { ...span, end: Math.max(span.begin, call.begin) },
      { ...call, begin: Math.max(span.begin, call.begin), end: Math.min(span.end, call.end) },
      { ...span, begin: Math.min(span.end, call.end) },
    ].filter(({ begin, end }) => end > begin);
  });
}

function joined(spans: readonly Span[]): Span[] {
  const result: Span[] = [];
  for (const span of spans) {
    const last = result.at(-1);
    const same = last?.state === span.state && last.in === span.in && last.sampled === span.sampled;
    if (last && same) result[result.length - 1] = { ...last, end: span.end };
    else result.push(span);
  }
  return result;
}

function sleepIn({ kind, begin, end }: LogRecord, death: number): Span {
  return { state: 'sleeping', begin, end: end ?? death, in: publicNames[kind] ?? kind, sampled: false };
}

/** @param over when the timeline ends */
export function spansOf(actor: Actor, over: number): Span[] {
  const death = actor.died ?? over;
  const sleeps = actor.calls
    .filter(({ kind }) => blocks(kind))
    .map((call) => sleepIn(call, death))
    .filter(({ begin, end }) => end - begin >= INSTANT);
  let spans = seen(actor, death);
  for (const sleep of sleeps) spans = overlaid(spans, sleep);
  const zombieUntil = actor.died === undefined ? death : (actor.reaped ?? over);
  if (zombieUntil > death) spans.push({ state: 'zombie', begin: death, end: zombieUntil, sampled: false });
  return joined(spans.filter(({ begin, end }) => end > begin));
}
