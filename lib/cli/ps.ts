import { processStat } from '../posix/index.js';
import { families, shownAddress, type FamilyStatus } from '../prefork/index.js';
import type { Call, Command } from './command.js';
import { masterOf } from './master.js';
import { say } from './output.js';

/** A process of a family. */
interface Row {
  readonly role: string;
  readonly pid: number;
  readonly ppid: number;
  /** What it is doing by the scoreboard; `zombie` and `stopped` by the kernel, which knows better. */
  readonly state: string;
  /** Of a worker. */
  readonly generation?: number;
  /** Since when it is in this state, in milliseconds of the epoch. */
  readonly since: number;
  readonly requests: number;
  readonly connections: number;
}

function kernelState(state: string | undefined): string | undefined {
  if (state === undefined) return 'gone';
  if (state === 'Z' || state === 'X') return 'zombie';
  return state === 'T' || state === 't' ? 'stopped' : undefined;
}

function rowsOf({ master, since, pastRequests, molds, workers }: FamilyStatus): Row[] {
  const processes = [
    ...molds.map((mold) => ({ role: 'mold', connections: 0, ...mold })),
    ...workers.map((worker) => ({ role: `worker ${worker.worker}`, ...worker })),
  ];
  const sum = (count: 'requests' | 'connections') => processes.reduce((total, each) => total + each[count], 0);
  const head = processStat(master);
  return [
    {
      role: 'master',
      pid: master,
      ppid: head?.ppid ?? 0,
      state: kernelState(head?.state) ?? 'running',
      since,
      requests: pastRequests + sum('requests'),
      connections: sum('connections'),
    },
    ...processes.map(({ role, pid, generation, state, since, requests, connections }) => {
      const stat = processStat(pid);
      return {
        role,
        pid,
        ppid: stat?.ppid ?? 0,
        state: kernelState(stat?.state) ?? state,
        generation,
        since,
        requests,
        connections,
      };
    }),
  ];
}

function clock(time: number): string {
  const date = new Date(time - new Date(time).getTimezoneOffset() * 60_000);
  return date.toISOString().slice(0, 23).replace('T', ' ');
}

function table(rows: readonly Row[]): string {
  const cells = rows.map((row) => [
    row.role === 'master' ? row.role : `└ ${row.role}`,
    String(row.pid),
    String(row.ppid),
    row.state,
    String(row.generation ?? ''),
    clock(row.since),
    String(row.requests),
    String(row.connections),
  ]);
  const head = ['ROLE', 'PID', 'PPID', 'STATE', 'GENERATION', 'SINCE', 'REQUESTS', 'CONNECTIONS'];
  const numeric = [false, true, true, false, true, false, true, true];
  const widths = head.map((title, column) => Math.max(title.length, ...cells.map((row) => row[column]?.length ?? 0)));
  return [head, ...cells]
    .map((row) =>
      row
        .map((cell, column) =>
          numeric[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function run(call: Call): Promise<number> {
  const [text] = call.operands;
  const pid = text === undefined ? undefined : masterOf(text);
  const wanted = families().filter(({ master }) => pid === undefined || master === pid);
  if (call.options['json'] === true) {
    const shown = wanted.map((family) => {
      const { path, host, port } = family;
      return { ...(path === undefined ? { host, port } : { path }), processes: rowsOf(family) };
    });
    say(`${JSON.stringify(shown)}\n`);
  } else if (wanted.length === 0) {
    say('no family runs\n');
  } else {
    const pages = wanted.map((family) => `${shownAddress(family)}\n${table(rowsOf(family))}\n`);
    say(pages.join('\n'));
  }
  return Promise.resolve(0);
}

export const ps: Command = {
  name: 'ps',
  summary: 'Show the families of this user that run now: each master and its workers.',
  operands: ['[PID|PIDFILE]'],
  options: { json: { type: 'boolean', help: 'As JSON: an array of families.' } },
  run,
};
