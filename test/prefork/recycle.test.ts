// A master that goes on and on: workers are recycled under load, thousands of them, and it is what it was.
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { childrenOf, resourcesOf } from '../support/processes';
import { Family } from './family';
import { Load } from './load';

// RECYCLES=10000: until so many workers have been recycled, as docs/testing.md tells of.
const wanted = Number(process.env['RECYCLES'] ?? 0);
const DURATION = 20_000; // milliseconds, if it is not told how many
const WORKERS = 4;
const TENTHS = 10;
const GROWTH = 30; // MB

function resident(pid: number): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? [];
  return Number(kilobytes) / 1024;
}

test(
  'thousands of workers are recycled, no request is lost, and nothing of them is left in the master',
  async () => {
    const family = await Family.up('prefork-recycle.mjs', { options: { workers: WORKERS, maxRequests: 20 } });
    const { master, program, port } = family;
    // The log of ten thousand is long: only what has come since is looked at.
    let recycled = 0;
    let shells = 0;
    const wrong: string[] = [];
    let line = '';
    program.process.stdout?.on('data', (text: string) => {
      const lines = (line + text).split('\n');
      line = lines.pop() ?? '';
      recycled += lines.filter((entry) => entry.endsWith(' exited code=0')).length;
      shells += lines.filter((entry) => /^shell \d+ ended$/.test(entry)).length;
      program.stdout = '';
      wrong.push(...lines.filter((entry) => /killing|status=lost|shell failed|exited (?!code=0)/.test(entry)));
    });

    const seen = () => ({ ...resourcesOf(master), children: childrenOf(master).length });

    /** When nobody is being replaced, and no shell runs; a worker may have still to say that its time has come. */
    async function state() {
      for (let before; ;) {
        const now = seen();
        const quiet = now.children === WORKERS && shells >= Math.floor(recycled / 10);
        if (quiet && isDeepStrictEqual(now, before)) return { ...now, rss: resident(master) };
        before = now;
        // The descriptors of what has ended are closed soon after.
        await sleep(50);
      }
    }

    const states = [];
    const began = performance.now();
    for (let tenth = 1; tenth <= TENTHS; tenth++) {
      const load = new Load(port, 4, new Map(), { oneShot: 4 });
      const done = () =>
        wanted > 0 ? recycled >= (wanted * tenth) / TENTHS : performance.now() - began >= (DURATION * tenth) / TENTHS;
      while (!done()) await sleep(20);
      await load.stop();
      expect([load.lost, load.refused, wrong]).toEqual([[], [], []]);
      states.push(await state());
    }
    const seconds = ((performance.now() - began) / 1000).toFixed(0);
    const sizes = states.map(({ rss }) => rss);
    if (wanted > 0) {
      const figures = sizes.map((size) => size.toFixed(0)).join(' ');
      process.stdout.write(
        `${recycled} recycles in ${seconds} s, ${shells} shells; RSS in MB at each tenth: ${figures}\n`,
      );
    }
    const [{ descriptors, threads, children } = { descriptors: 0, threads: 0, children: 0 }] = states;
    expect(children).toBe(WORKERS);
    expect(states).toEqual(states.map(({ rss }) => ({ descriptors, threads, children, rss })));
    expect(recycled).toBeGreaterThan(Math.max(wanted - 1, 100));
    expect(shells).toBe(Math.floor(recycled / 10));
    // What V8 keeps for its garbage comes and goes; what each worker left would add up.
    const half = TENTHS / 2;
    expect(Math.min(...sizes.slice(half)) - Math.min(...sizes.slice(0, half))).toBeLessThan(GROWTH);
    program.kill('SIGTERM');
    expect(await program.finished()).toMatchObject({ code: 0, stderr: '' });
    expect(family.members).toEqual([]);
  },
  wanted > 0 ? 3_600_000 : undefined,
);
