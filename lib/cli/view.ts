// A family as lines of text, for people: of `truefork status` and `truefork top`.
import { shownAddress, type HistoryEvent, type MasterStatus } from '../prefork/index.js';
import { amountText, bars, sizeText, spanText, timeOfDay } from './figures.js';
import { painted, type Look, type Paint } from './terminal.js';

type Part = readonly [text: string, how?: Paint | undefined];

/** A line of parts: as much of them as there is room for. */
function lineOf(look: Look, ...parts: readonly Part[]): string {
  let room = look.width;
  const shown = parts.map(([text, how]) => {
    const fitting = text.slice(0, room);
    room -= fitting.length;
    return painted(fitting, how, look);
  });
  return shown.join('').trimEnd();
}

function addressOf(status: MasterStatus): string {
  const { path, host, port } = status;
  if (path !== undefined) return shownAddress(status);
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** The family in a few lines. */
export function headOf(status: MasterStatus, look: Look): string[] {
  const { master, since, time, generation, wanted, totals, rates, replacing, stopping, workers } = status;
  const serving = workers.filter(({ state }) => state === 'ready');
  const ready = new Set(serving.map(({ worker }) => worker)).size;
  const state = stopping
    ? `stopping (${stopping})`
    : `${ready} of ${wanted} ${wanted === 1 ? 'worker' : 'workers'} ready${replacing === null ? '' : `, ${replacing}ing`}`;
  const fine = ready >= wanted && wanted > 0 && !stopping;
  const kills = Object.values(totals.kills).reduce((sum, count) => sum + count, 0);
  const address = addressOf(status);
  const shape = fine ? '●' : ready > 0 ? '▲' : '✕';
  const rest = `  master ${master}  up ${spanText(time - since)}  generation ${generation}`;
  const figures = [
    `${amountText(totals.requestsPerSecond)} requests/s`,
    `${amountText(totals.requests)} in all`,
    `${amountText(totals.connections)} connections`,
    `memory ${sizeText(totals.memory ?? undefined)}`,
    `${totals.forks} forks`,
    `${totals.restarts} ended unasked`,
    `${kills} killed`,
  ];
  const title = 'last minutes ';
  const room = Math.max(0, look.width - title.length);
  const shown = rates.slice(Math.max(0, rates.length - room));
  return [
    lineOf(look, [address, 'bold'], [`  ${shape} ${state}`, fine ? 'green' : ready > 0 ? 'yellow' : 'red'], [rest]),
    lineOf(look, [figures.join(' · ')]),
    ...(shown.length > 1 ? [lineOf(look, [title, 'dim'], [bars(shown, Math.max(...shown))])] : []),
  ];
}

/** What has happened lately, the latest first. */
export function eventLines(events: readonly HistoryEvent[], most: number, look: Look): string[] {
  return [...events]
    .reverse()
    .sort((a, b) => b.last - a.last)
    .slice(0, most)
    .map(({ kind, last, count, worker, pid, detail = '', asked }) => {
      const unasked = asked === false;
      const who = worker === undefined ? 'master' : worker < 0 ? 'mold' : `worker ${worker}`;
      const what = `${kind}${unasked ? ', unasked' : ''}${count > 1 ? ` ×${count}` : ''}`;
      const line = `${timeOfDay(last)}  ${who.padEnd(11)} ${String(pid ?? '').padStart(7)}  ${what} ${detail}`;
      const grave = unasked || kind === 'kill' || kind.endsWith('failed');
      return lineOf(look, [line, grave ? 'red' : undefined]);
    });
}
