// `truefork top`, in a terminal of its own.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { childrenOf } from '../support/processes';
import { isolated, terminalEnvironment } from '../support/runtime';
import { command, serve, truefork } from './truefork';

const ENTER = '\x1b[?1049h';
const LEAVE = '\x1b[?1049l';

/** A command in a pseudo terminal, by script(1). */
class Terminal {
  readonly process: ChildProcess;
  /** All that has been written to it. */
  output = '';
  static readonly live = new Set<Terminal>();

  constructor(line: string, env: NodeJS.ProcessEnv, { columns = 120, rows = 30 } = {}) {
    const sized = `stty cols ${columns} rows ${rows}; ${line}; echo; echo code=$?; stty -a`;
    this.process = spawn('script', ['--quiet', '--flush', '--echo', 'never', '--command', sized, '/dev/null'], {
      env: { ...process.env, ...terminalEnvironment, ...env },
      detached: true,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    this.process.stdout?.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    Terminal.live.add(this);
  }

  press(keys: string): void {
    this.process.stdin?.write(keys);
  }

  /** What is on the screen: what was drawn last. */
  get screen(): string {
    const drawn = this.output.slice(this.output.lastIndexOf('\x1b[H'));
    // eslint-disable-next-line no-control-regex
    return drawn.replaceAll(/\x1b\[[?\d;]*[A-Za-z]/g, '');
  }

  async shows(pattern: RegExp): Promise<void> {
    if (!this.process.stdout) throw new Error('it has no output');
    while (!pattern.test(this.screen)) await once(this.process.stdout, 'data');
  }

  async finished(): Promise<void> {
    if (this.process.exitCode === null) await once(this.process, 'close');
    Terminal.live.delete(this);
  }

  end(): void {
    try {
      if (this.process.pid !== undefined) process.kill(-this.process.pid, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

afterEach(() => {
  for (const terminal of Terminal.live) terminal.end();
  Terminal.live.clear();
});

async function family(env: NodeJS.ProcessEnv, workers: number) {
  const { program, port } = await serve('cli-listener.mjs', { env, args: ['--workers', String(workers)] });
  for (let n = 0; n < workers; n++) await program.logged(new RegExp(`^worker=${n} pid=\\d+ ready`, 'm'));
  return { program, port, pid: String(program.pid) };
}

async function stop({ program }: Awaited<ReturnType<typeof family>>): Promise<void> {
  program.kill('SIGTERM');
  await program.finished();
}

const top = (...args: string[]) => `'${process.execPath}' '${command}' top ${args.join(' ')}`;

test('it shows the workers, sorts them, and leaves the terminal as it was', async () => {
  const env = isolated();
  const served = await family(env, 3);
  const terminal = new Terminal(top(served.pid), env);
  await terminal.shows(/3 of 3 workers ready[^]*WORKER↑[^]*\n *2 {2}● ready/);
  await terminal.shows(/worker 2 +\d+ {2}ready/);
  expect(terminal.output).toContain('\x1b[32m● ready');
  terminal.press('w');
  await terminal.shows(/WORKER↓[^]*\n *2 {2}●[^]*\n *1 {2}●[^]*\n *0 {2}●/);
  terminal.press('c');
  await terminal.shows(/CONN↓/);
  terminal.press('q');
  await terminal.finished();
  expect(terminal.output).toContain(ENTER);
  const after = terminal.output.slice(terminal.output.lastIndexOf(LEAVE));
  expect(after).toContain('code=0');
  expect(after).toMatch(/[^-]icanon/);
  await stop(served);
});

test.each([
  [
    'Ctrl-C',
    (terminal: Terminal) => {
      terminal.press('\x03');
    },
  ],
  [
    'SIGTERM',
    (terminal: Terminal) => {
      // script has a shell, which has the command.
      const [shell = 0] = childrenOf(terminal.process.pid ?? 0);
      const [pid = 0] = childrenOf(shell);
      process.kill(pid, 'SIGTERM');
    },
  ],
])('%s restores the terminal too', async (_, act) => {
  const env = isolated();
  const served = await family(env, 1);
  const terminal = new Terminal(top(), env);
  await terminal.shows(/1 of 1 worker ready/);
  act(terminal);
  await terminal.finished();
  expect(terminal.output.lastIndexOf(LEAVE)).toBeGreaterThan(terminal.output.lastIndexOf(ENTER));
  expect(terminal.output.slice(terminal.output.lastIndexOf(LEAVE))).toMatch(/[^-]icanon/);
  await stop(served);
});

test('Tab goes from family to family, and the arrows to the workers below', async () => {
  const env = isolated();
  const [one, other] = [await family(env, 1), await family(env, 12)];
  const terminal = new Terminal(top(), env, { columns: 80, rows: 14 });
  await terminal.shows(/tab next of 2 families/);
  if (!terminal.screen.includes('12 workers')) terminal.press('\t');
  await terminal.shows(/12 of 12 workers ready[^]*\n *0 {2}● ready/);
  terminal.press('\x1b[F');
  await terminal.shows(/\n *11 {2}● ready/);
  expect(terminal.screen).not.toMatch(/\n *0 {2}● ready/);
  // Nothing is wider or higher than the screen.
  const lines = terminal.screen.split(/\r*\n/);
  expect(lines).toHaveLength(14);
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
  terminal.press('\t');
  await terminal.shows(/1 of 1 worker ready/);
  await Promise.all([stop(one), stop(other)]);
  await terminal.shows(/no family runs/);
  terminal.press('q');
  await terminal.finished();
});

test('NO_COLOR is heeded', async () => {
  const env = { ...isolated(), NO_COLOR: '1' };
  const served = await family(env, 1);
  const terminal = new Terminal(top(), env);
  await terminal.shows(/● ready/);
  terminal.press('q');
  await terminal.finished();
  // eslint-disable-next-line no-control-regex
  expect(terminal.output).not.toMatch(/\x1b\[\d+m/);
  await stop(served);
});

test('without a terminal it prints the table once', async () => {
  const env = isolated();
  expect(await truefork(['top'], env)).toMatchObject({ code: 0, stdout: 'no family runs\n', stderr: '' });
  const served = await family(env, 2);
  const { code, stdout, stderr } = await truefork(['top', served.pid], env);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^127\.0\.0\.1:\d+ {2}● 2 of 2 workers ready/);
  expect(stdout).toMatch(/\n +WORKER↑ +STATE|\nWORKER↑ +STATE/);
  expect(stdout).not.toContain('\x1b');
  expect(await truefork(['top', '1'], env)).toMatchObject({
    code: 1,
    stderr: 'truefork: process 1 is no master of yours\n',
  });
  expect((await truefork(['top', 'x'], env)).code).toBe(2);
  await stop(served);
});

test('status is a table on a terminal, and JSON elsewhere or when asked for', async () => {
  const env = isolated();
  const served = await family(env, 1);
  const status = `'${process.execPath}' '${command}' status`;
  const table = new Terminal(`${status} ${served.pid}`, env);
  await table.finished();
  expect(table.output).toMatch(/1 of 1 worker ready[^]*WORKER/);
  const json = new Terminal(`${status} --json ${served.pid}`, env);
  await json.finished();
  expect(json.output).toContain(`"master": ${served.pid}`);
  expect(JSON.parse((await truefork(['status', served.pid], env)).stdout)).toMatchObject({
    master: served.program.pid,
  });
  await stop(served);
});

test('a terminal that does not know its size is taken for a usual one, and none is too narrow', async () => {
  const env = isolated();
  const served = await family(env, 1);
  const printed = async (columns: number, words: string) => {
    const terminal = new Terminal(`'${process.execPath}' '${command}' ${words}`, env, { columns, rows: 0 });
    await terminal.finished();
    // eslint-disable-next-line no-control-regex
    const lines = terminal.output.replaceAll(/\x1b\[[\d;]*m/g, '').split(/\r*\n/);
    return lines.slice(0, lines.indexOf('code=0'));
  };
  const [head = '', figures = ''] = await printed(0, `status ${served.pid}`);
  expect(head).toMatch(/ ● 1 of 1 worker ready {2}master \d+ /);
  expect(figures).toHaveLength(80);
  const lesson = (await printed(0, 'learn wait')).join('\n');
  expect(lesson).toContain('\n  `wait()` blocks until one of the children has ended, and returns its pid');
  const narrow = await printed(10, `status ${served.pid}`);
  expect(narrow[0]).toBe('127.0.0.1:');
  expect(narrow.filter((line) => line.length > 10)).toEqual([]);

  const screen = new Terminal(top(served.pid), env, { columns: 0, rows: 0 });
  await screen.shows(/1 of 1 worker ready/);
  screen.press('q');
  await screen.finished();
  await stop(served);
});

test('help is as wide as the terminal, and says the same', async () => {
  const terminal = new Terminal(`'${process.execPath}' '${command}' serve --help`, isolated(), { columns: 80 });
  await terminal.finished();
  const shown = terminal.output.slice(0, terminal.output.indexOf('code=0')).split(/\r*\n/);
  expect(shown.filter((line) => line.length > 80)).toEqual([]);
  const words = (text: string) => text.trim().split(/\s+/);
  expect(words(shown.join(' '))).toEqual(words((await truefork(['serve', '--help'])).stdout));
});
