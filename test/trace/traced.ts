// Runs a program under `truefork trace`, and reads the timeline that it has written.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProcessState, Timeline, TimelineProcess } from 'truefork/trace';
import { command } from '../cli/truefork';
import { programPath, run, type Finished } from '../support/programs';
import { temporaryDirectory } from '../support/runtime';

interface Told extends Finished {
  readonly timeline: Timeline;
  /** What the program has printed: the pids of those in the story. */
  readonly facts: Record<string, number>;
  /** The one with this pid. */
  readonly process: (pid: number | undefined) => TimelineProcess;
}

/** A story of test/programs/trace-stories.mjs, told. */
export async function told(
  story: string,
  { node, options = [], args = [] }: { node?: string; options?: string[]; args?: string[] } = {},
): Promise<Told> {
  const file = join(temporaryDirectory(), 'timeline.json');
  const program = [node ?? process.execPath, programPath('trace-stories.mjs'), story, ...args];
  const finished = await run(command, {
    args: ['trace', '--json', file, ...options, '--', ...program],
    ...(node !== undefined && { node }),
  });
  const timeline = JSON.parse(readFileSync(file, 'utf8')) as Timeline;
  return {
    ...finished,
    timeline,
    facts: finished.stdout.startsWith('{') ? (JSON.parse(finished.stdout) as Record<string, number>) : {},
    process: (pid) => {
      const found = timeline.processes.find((process) => process.pid === pid);
      if (!found) throw new Error(`process ${pid} is not in the timeline`);
      return found;
    },
  };
}

/** The states that it was in for longer than a moment, one after the other. */
export function states({ spans }: TimelineProcess, moment = 20): ProcessState[] {
  const long = spans.filter(({ begin, end }) => end - begin > moment).map(({ state }) => state);
  return long.filter((state, index) => state !== long[index - 1]);
}
