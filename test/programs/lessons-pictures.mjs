// Traces the lessons that it is told of, and draws each in a file: FOLDER SLUG…; in a session of its own each, in an empty folder.
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toSvg, traceProgram } from 'truefork/trace';

const [folder, ...slugs] = process.argv.slice(2);
const lessons = join(import.meta.dirname, '..', '..', 'lessons');

for (const slug of slugs) {
  const [cwd, runtime] = [join(folder, slug), join(folder, `${slug}-runtime`)];
  mkdirSync(cwd);
  mkdirSync(runtime, { mode: 0o700 });
  const { timeline, exitCode, signal } = await traceProgram([process.execPath, join(lessons, slug, 'program.mjs')], {
    cwd,
    detached: true,
    env: { ...process.env, TMPDIR: cwd, XDG_RUNTIME_DIR: runtime },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  assert.deepEqual({ slug, exitCode, signal, left: readdirSync(cwd) }, { slug, exitCode: 0, signal: null, left: [] });
  writeFileSync(join(folder, `${slug}.svg`), toSvg(timeline));
}
