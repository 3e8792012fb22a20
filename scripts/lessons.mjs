// Makes what is drawn from the lessons: the pages of docs/lessons and the pictures. What it does not make is the lessons.
//
//   npm run lessons                        all pictures, and the gallery
//   npm run lessons -- SLUG…               the pictures of these lessons, and the gallery
//   npm run lessons -- --expected [SLUG…]  their expected.txt, too: look at what has changed in it
//   npm run lessons -- --check             says which pages are stale, with exit code 1, and writes nothing
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { chapters, lessonsFolder, lessonText, programOf } from '../dist/cli/lessons.js';
import { toSvg, traceProgram } from '../dist/trace/index.js';
import { mask } from '../lessons/mask.mjs';
import { pages } from './gallery/pages.mjs';

const gallery = join(import.meta.dirname, '..', 'docs', 'lessons');
const assets = ['gallery.css', 'gallery.js'];

function filesOfGallery() {
  const read = (name) => [name, readFileSync(join(import.meta.dirname, 'gallery', name), 'utf8')];
  return new Map([...pages(), ...assets.map(read)]);
}

/** The files of the gallery that are not what the lessons say, are missing, or are of no lesson any more. */
function stale() {
  const made = filesOfGallery();
  const current = (name) => existsSync(join(gallery, name)) && readFileSync(join(gallery, name), 'utf8');
  const wrong = [...made].filter(([name, content]) => current(name) !== content).map(([name]) => name);
  const left = existsSync(gallery) ? readdirSync(gallery).filter((name) => !made.has(name)) : [];
  return [...wrong, ...left];
}

function writeGallery() {
  rmSync(gallery, { recursive: true, force: true });
  mkdirSync(gallery, { recursive: true });
  for (const [name, content] of filesOfGallery()) writeFileSync(join(gallery, name), content);
}

/** Runs `run` in a folder of its own, for what is temporary too. What a lesson leaves there, it must not. */
async function inTemporaryFolder(slug, run) {
  const [folder, runtime] = ['lesson', 'runtime'].map((name) => mkdtempSync(join(tmpdir(), `truefork-${name}-`)));
  const before = { ...process.env };
  // For the program, and for the mask. What truefork keeps while it runs is not the lesson's.
  Object.assign(process.env, { TMPDIR: folder, XDG_RUNTIME_DIR: runtime });
  try {
    await run(folder);
    const left = readdirSync(folder);
    if (left.length > 0) throw new Error(`${slug} has left ${left.join(', ')}`);
  } finally {
    for (const name of ['TMPDIR', 'XDG_RUNTIME_DIR']) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
    for (const each of [folder, runtime]) rmSync(each, { recursive: true, force: true });
  }
}

function ended(slug, code, signal) {
  if (code !== 0) throw new Error(`${slug} has ended with ${signal ?? code}`);
}

async function writeExpected(slug) {
  await inTemporaryFolder(slug, async (cwd) => {
    const options = { cwd, detached: true, stdio: ['ignore', 'pipe', 'inherit'] };
    const program = spawn(process.execPath, [programOf(slug)], options);
    const [output, [code, signal]] = await Promise.all([text(program.stdout), once(program, 'exit')]);
    ended(slug, code, signal);
    writeFileSync(join(lessonsFolder, slug, 'expected.txt'), mask(output));
  });
}

async function drawPicture(slug) {
  await inTemporaryFolder(slug, async (cwd) => {
    const options = { cwd, detached: true, stdio: ['ignore', 'ignore', 'inherit'] };
    const { timeline, exitCode, signal } = await traceProgram([process.execPath, programOf(slug)], options);
    ended(slug, exitCode, signal);
    const { title } = lessonText(slug, 'en');
    writeFileSync(join(lessonsFolder, slug, 'picture.svg'), toSvg(timeline, { title }));
  });
}

const options = { expected: { type: 'boolean' }, check: { type: 'boolean' } };
const { values, positionals } = parseArgs({ options, allowPositionals: true });

if (values.check) {
  const names = stale();
  for (const name of names) console.log(`stale: docs/lessons/${name} (npm run lessons makes it anew)`);
  process.exitCode = names.length > 0 ? 1 : 0;
} else {
  const slugs = positionals.length > 0 ? positionals : chapters().flatMap(({ lessons }) => lessons);
  for (const slug of slugs) {
    if (values.expected) await writeExpected(slug);
    await drawPicture(slug);
    console.log(slug);
  }
  writeGallery();
}
