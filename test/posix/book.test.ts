import { nodes, Program, programPath, run, type RunOptions } from '../support/programs';

const path = programPath('posix-book.mjs');

/** Starts a program, has it watched, and ends it. */
async function watched(name: string, watch: (program: Program) => Promise<void>): Promise<void> {
  const program = new Program(path, { args: [name] });
  try {
    await watch(program);
  } finally {
    program.end();
  }
}

const ran = (name: string, options?: RunOptions) => run(path, { ...options, args: [name] });

test('a child that prints and sleeps is killed, and waited for', async () => {
  const { code, stdout, stderr } = await ran('kill');
  expect([code, stderr]).toEqual([0, '']);
  const parent = /parent PID=(\d+)/.exec(stdout)?.[1] ?? '';
  expect(stdout).toMatch(new RegExp(`child PPID=${parent}\n`));
  expect(stdout).toMatch(/here I am\n/);
  // The child may print once more before the parent kills it.
  expect(stdout).toMatch(/enough\n(here I am\n)*reaped: true, Status=9\n$/);
});

test('Ctrl-C is handled at once in a program that sleeps, and Ctrl-\\ ignored', async () => {
  await watched('caught', async (program) => {
    await program.printed(/I do not end\n/);
    for (const times of [1, 2]) {
      // As a terminal sends them: to the process group.
      process.kill(-program.pid, 'SIGQUIT');
      process.kill(-program.pid, 'SIGINT');
      await program.printed(new RegExp(`^I do not end\n(signal 2 came\n){${times}}$`));
    }
    process.kill(-program.pid, 'SIGTERM');
    expect(await program.finished()).toMatchObject({ signal: 'SIGTERM', stderr: '' });
  });
});

test.each([
  ['SIGINT', 2],
  ['SIGQUIT', 3],
] as const)('%s ends a pause, with last words', async (name, number) => {
  await watched('last-words', async (program) => {
    await program.printed(/waits\n/);
    process.kill(-program.pid, name);
    const stdout = `waits\nlast words: ${number}\n`;
    expect(await program.finished()).toEqual({ code: 0, signal: null, stdout, stderr: '' });
  });
});

test('an alarm ends the process that has set it, and not its child', async () => {
  const { signal, stdout } = await ran('not-inherited');
  expect([signal, stdout]).toEqual(['SIGALRM', 'here I am\n'.repeat(5) + 'last words\n']);
});

test('an alarm without a handler ends a loop that counts', async () => {
  const { signal, stdout } = await ran('count');
  expect(signal).toBe('SIGALRM');
  // How far it comes is the machine's affair.
  const lines = stdout.split('\n').slice(0, -1);
  expect(lines).toEqual(lines.map((_, number) => String(number)));
});

test.each(nodes())('on Node.js $major a timer ticks while the program sleeps in a loop', async (node) => {
  const program = new Program(path, { node: node.path, args: ['periodic'] });
  try {
    const other = 'I do other things\n';
    const tick = 'I come again and again\n';
    // Three, if the machine is not too busy to run it in time: who sleeps on late may find the next tick there.
    const between = `(${other}){0,3}`;
    await program.printed(new RegExp(`(${tick}.*){3}`, 's'));
    expect(program.stdout).toMatch(new RegExp(`^${other}${tick}${between}${tick}${between}${tick}`));
  } finally {
    program.end();
  }
});

test('a signal that is blocked is pending until it is not', async () => {
  const stdout = 'SIGUSR1\nhandled\n\n';
  expect(await ran('pending')).toEqual({ code: 0, signal: null, stdout, stderr: '' });
});
