// A worker that shall be the next mold, finishes what it has in hand, and is not wanted any more meanwhile: another worker had to be
// replaced, and its successor could not start.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { kill } from 'truefork';
import { truefork } from '../cli/truefork';
import { programPath } from '../support/programs';
import { isolated, temporaryDirectory } from '../support/runtime';
import { Family } from './family';
import { oneToEach } from './http-connection';

let env: ReturnType<typeof isolated>;
let folder: string;

beforeEach(() => {
  env = isolated();
  folder = temporaryDirectory();
  version('first');
});

function version(text: string): void {
  writeFileSync(join(folder, 'version'), text);
}

/** A family with such a worker, which has a request in hand. */
async function demoted(meanwhile: { before?: NodeJS.Signals; after?: NodeJS.Signals } = {}) {
  const application = [programPath('prefork-donor.mjs'), folder];
  const argv = [process.execPath, programPath('prefork-mold.mjs'), '{"workers":2}', ...application];
  const command = { argv, cwd: folder, env: { PATH: process.env['PATH'], ...env } };
  const options = { workers: 2, maxRequests: 100, command };
  const family = await Family.up('prefork-mold.mjs', { options, args: application, env });
  const shows = async (pattern: RegExp) => {
    while (!pattern.test((await truefork(['ps'], env)).stdout)) continue;
  };
  const connections = await oneToEach(family.port, family.workers);
  for (const connection of connections.values()) await connection.begin();
  family.program.kill('SIGUSR2');
  // Which of the two has had the most requests is the kernel's choice.
  const [, place, pid] = await family.program.printed(/^worker=(\d) pid=(\d+) promoted generation=2$/m);
  const donor = Number(pid);
  const inHand = connections.get(donor);
  const other = [...connections].find(([worker]) => worker !== donor)?.[1];
  other?.finishBody();
  await other?.answer();
  await shows(new RegExp(`\\b${donor}\\b.* stopping`));
  if (meanwhile.before) kill(donor, meanwhile.before);
  writeFileSync(join(folder, 'broken'), '');
  for (let n = 0; n < 110; n++) await other?.get();
  await family.program.printed(/refork failed generation=2 reason="a new worker ended before it was ready"$/m);
  rmSync(join(folder, 'broken'));
  // By then it has been told.
  await family.program.printed(new RegExp(`refork failed [^]*^worker=${1 - Number(place)} pid=\\d+ ready`, 'm'));
  if (meanwhile.after) kill(donor, meanwhile.after);
  return { family, donor, inHand, shows };
}

// A stopped process does not hear that it shall be no mold, since SIGCONT takes that signal away.
test('if it becomes a mold nevertheless, it takes no orders of the next one', async () => {
  const { family, donor, inHand, shows } = await demoted({ before: 'SIGSTOP', after: 'SIGCONT' });
  const { program } = family;
  version('second');
  program.kill('SIGHUP');
  await program.printed(/reloaded generation=3$/m);
  const mold = Number([...program.stdout.matchAll(/^mold pid=(\d+) ready/gm)].at(-1)?.[1]);
  // It is a mold before the master hears of it, and reads its orders before it hears that it shall end.
  program.kill('SIGSTOP');
  inHand?.finishBody();
  expect((await inHand?.answer())?.status).toBe(200);
  await shows(new RegExp(`mold +${donor}\\b.* ready`));
  for (const pid of [donor, mold]) kill(pid, 'SIGSTOP');
  program.kill('SIGCONT');
  expect(await truefork(['scale', String(family.master), '3'], env)).toMatchObject({ code: 0 });
  // By then the order has been given.
  expect(await truefork(['status', String(family.master)], env)).toMatchObject({ code: 0 });
  kill(donor, 'SIGCONT');
  await program.printed(new RegExp(`^mold pid=${donor} exited code=0`, 'm'));
  kill(mold, 'SIGCONT');
  await program.printed(/^worker=2 pid=\d+ ready/m);
  for (const connection of (await oneToEach(family.port, family.workers)).values()) {
    expect((await connection.get()).headers['x-version']).toBe('second');
    connection.close();
  }
  await family.stop();
});

test('if it becomes a mold nevertheless, its master ends when a new one has taken over', async () => {
  const { family, inHand } = await demoted({ before: 'SIGSTOP', after: 'SIGCONT' });
  const { program } = family;
  const { code, stdout } = await truefork(['upgrade', String(family.master)], env);
  expect(code).toBe(0);
  // All others of the old master, with the one that could not start.
  await family.lines(/^worker=\d pid=\d+ exited/, 4);
  inHand?.finishBody();
  await program.printed(new RegExp(`^master pid=${family.master} stopped$`, 'm'));
  expect(await truefork(['stop', stdout.trim()], env)).toMatchObject({ code: 0 });
});
