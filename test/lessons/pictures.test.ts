// The picture of each lesson is drawn anew: traced, it ends as it does by itself, and what comes of it is a drawing.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { programPath, run } from '../support/programs';
import { temporaryDirectory } from '../support/runtime';
import { slugs } from './lessons';
import { mistakeIn } from './markup';

// By the dozen: to load the trace takes longer than to trace a lesson.
const DOZEN = 12;
const groups = slugs.flatMap((_, n) => (n % DOZEN === 0 ? [slugs.slice(n, n + DOZEN)] : []));

test.each(groups.map((group) => [group.join(', '), group] as const))('%s can be traced and drawn', async (_, group) => {
  const folder = temporaryDirectory();
  const ended = await run(programPath('lessons-pictures.mjs'), { args: [folder, ...group] });
  expect(ended).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
  for (const slug of group) {
    const picture = readFileSync(join(folder, `${slug}.svg`), 'utf8');
    expect({ slug, mistake: mistakeIn(picture) }).toEqual({ slug, mistake: undefined });
  }
});
