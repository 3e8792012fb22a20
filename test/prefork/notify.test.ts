// What a service manager hears of a server: sd_notify(3). The test is the manager.
import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { kill } from 'truefork';
import * as posix from 'truefork/posix';
import { isolated, temporaryDirectory } from '../support/runtime';
import { nodes, Program, programPath } from '../support/programs';
import { command, truefork } from '../cli/truefork';
import { Family } from './family';

/** The receiver of a manager's socket, and what it has received. */
class Manager {
  readonly messages: string[] = [];
  readonly fd: number;
  #watcher: posix.Watcher | undefined;
  #wake: () => void = () => undefined;

  constructor(path: string, listens = true) {
    this.fd = posix.socket(posix.AF_UNIX, posix.SOCK_DGRAM | posix.SOCK_CLOEXEC | posix.SOCK_NONBLOCK, 0);
    posix.bind(this.fd, path);
    if (listens) this.listen();
  }

  listen(): void {
    this.#watcher = new posix.Watcher(this.fd, () => {
      this.receive();
    });
  }

  receive(): void {
    const buffer = Buffer.alloc(4096);
    try {
      for (;;) this.messages.push(buffer.toString('utf8', 0, posix.read(this.fd, buffer)));
    } catch (error) {
      if (!posix.isPosixError(error, 'EAGAIN')) throw error;
    }
    this.#wake();
  }

  /** The first message from this number on that matches, and its number. */
  async heard(pattern: RegExp, from = 0): Promise<{ message: string; index: number }> {
    for (;;) {
      const index = this.messages.findIndex((message, n) => n >= from && pattern.test(message));
      if (index >= 0) return { message: this.messages[index] ?? '', index };
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  close(): void {
    this.#watcher?.close();
    posix.close(this.fd);
  }
}

let manager: Manager;
let path: string;
let env: NodeJS.ProcessEnv;

beforeEach(() => {
  path = join(temporaryDirectory(), 'notify');
  manager = new Manager(path);
  env = { ...isolated(), NOTIFY_SOCKET: path };
});
afterEach(() => {
  manager.close();
});

const status = (text_: string) => new RegExp(`^STATUS=workers: ${text_}$`, 'm');

describe.each(nodes())('on Node $major', ({ path: node }) => {
  test('it hears when the server is ready, replaces its workers, and stops', async () => {
    const family = await Family.up('prefork-http.mjs', { node, env, options: { workers: 2 } });
    const { message, index } = await manager.heard(/^READY=1$/m);
    expect(message).toBe(`READY=1\nMAINPID=${family.master}\nSTATUS=workers: 2 ready`);
    expect(manager.messages.slice(0, index).filter((text_) => !text_.startsWith('STATUS='))).toEqual([]);

    const before = process.hrtime.bigint();
    family.program.kill('SIGUSR2');
    const reloading = await manager.heard(/^RELOADING=1$/m);
    const [, time = ''] = /^RELOADING=1\nMONOTONIC_USEC=(\d+)$/.exec(reloading.message) ?? [];
    expect(BigInt(time)).toBeGreaterThanOrEqual(before / 1_000n);
    expect(BigInt(time)).toBeLessThanOrEqual(process.hrtime.bigint() / 1_000n);
    await manager.heard(/^READY=1$/m, reloading.index);
    await family.program.printed(/reforked generation=2/);

    family.program.kill('SIGTERM');
    const stopping = await manager.heard(/^STOPPING=1$/m);
    await family.ended();
    manager.receive();
    expect(manager.messages.slice(stopping.index).filter((text_) => !/^(STOPPING|STATUS)=/.test(text_))).toEqual([]);
    expect(manager.messages.filter((text_) => text_.startsWith('READY=1'))).toHaveLength(2);
  });
});

test('it hears how many workers there are', async () => {
  const family = await Family.up('prefork-http.mjs', { env, options: { workers: 2 } });
  const { index } = await manager.heard(/^READY=1$/m);
  family.program.kill('SIGTTIN');
  const three = await manager.heard(status('3 ready'), index);
  family.program.kill('SIGTTOU');
  const two = await manager.heard(status('2 ready'), three.index);
  kill(family.workers[0] ?? 0, 'SIGKILL');
  const one = await manager.heard(status('1 ready'), two.index);
  await manager.heard(status('2 ready'), one.index);
  await family.stop();
});

test('it hears that the server is ready, too, when its workers could not be replaced', async () => {
  const obstacle = join(temporaryDirectory(), 'obstacle');
  const family = await Family.up('prefork-replace.mjs', { env, options: { workers: 1 }, args: [obstacle] });
  writeFileSync(obstacle, 'exit');
  family.program.kill('SIGHUP');
  const { index } = await manager.heard(/^RELOADING=1$/m);
  await manager.heard(/^READY=1$/m, index);
  await family.program.printed(/reload failed generation=2/);
  await family.stop();
});

test('its socket can have a name in the abstract namespace', async () => {
  const name = `truefork-notify-${process.pid}`;
  const abstract = new Manager(`\0${name}`);
  const family = await Family.up('prefork-http.mjs', { env: { ...env, NOTIFY_SOCKET: `@${name}` } });
  await abstract.heard(/^READY=1$/m);
  await family.stop();
  abstract.close();
});

test('it sees a sign of life as often as it needs one', async () => {
  const family = await Family.up('prefork-http.mjs', { env: { ...env, WATCHDOG_USEC: '200000' } });
  let index = -1;
  const start = process.hrtime.bigint();
  for (let n = 0; n < 5; n++) ({ index } = await manager.heard(/^WATCHDOG=1$/, index + 1));
  // One comes at most every 100 ms, but for what a busy machine has put off.
  expect(process.hrtime.bigint() - start).toBeGreaterThan(200_000_000n);
  await family.stop();
});

test.each([{ WATCHDOG_USEC: '2000', WATCHDOG_PID: '1' }, { WATCHDOG_USEC: '0' }, {}])(
  'it sees none that it has not asked for: %j',
  async (variables) => {
    const family = await Family.up('prefork-http.mjs', { env: { ...env, ...variables } });
    await manager.heard(/^READY=1$/m);
    await family.stop();
    manager.receive();
    expect(manager.messages.filter((message) => message.includes('WATCHDOG'))).toEqual([]);
  },
);

test('a worker does not see that it could be told anything', async () => {
  const socket = join(temporaryDirectory(), 'socket');
  const program = new Program(command, {
    env: { ...env, WATCHDOG_USEC: '1000000' },
    args: ['serve', programPath('cli-environment.mjs'), '-w', '1', '--log-format', 'text', '--path', socket],
  });
  await manager.heard(/^READY=1$/m);
  const body = await new Promise<string>((resolve, reject) => {
    const sent = request({ socketPath: socket, agent: false }, (response) => {
      void text(response).then(resolve, reject);
    });
    sent.on('error', reject).end();
  });
  expect(JSON.parse(body)).toMatchObject({ variables: [] });
  program.kill('SIGTERM');
  expect((await program.finished()).code).toBe(0);
});

test('it hears which process is the service after an upgrade, and from then on that one alone', async () => {
  const runtime = isolated();
  const program = new Program(command, {
    env: { ...env, ...runtime, WATCHDOG_USEC: '200000' },
    args: ['serve', programPath('cli-environment.mjs'), '-w', '1', '--log-format', 'text', '--host', '127.0.0.1'],
  });
  const { index } = await manager.heard(/^READY=1$/m);
  const upgrade = (pid: number) => truefork(['upgrade', String(pid)], runtime);
  const { code, stdout, stderr } = await upgrade(program.pid);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const successor = Number(stdout);
  await program.logged(new RegExp(`^master pid=${program.pid} stopped$`, 'm'));
  const ready = await manager.heard(new RegExp(`^READY=1\nMAINPID=${successor}\n`), index + 1);
  // The sign of life is the new one's: the old one has ended.
  await manager.heard(/^WATCHDOG=1$/, ready.index);
  const told = manager.messages.slice(index + 1, ready.index + 1).filter((text_) => !/^(STATUS|WATCHDOG)=/.test(text_));
  expect(told).toEqual([
    expect.stringMatching(/^RELOADING=1\nMONOTONIC_USEC=\d+$/),
    `MAINPID=${successor}`,
    `READY=1\nMAINPID=${successor}\nSTATUS=workers: 1 ready`,
  ]);
  expect(manager.messages.filter((text_) => text_.startsWith('STOPPING='))).toEqual([]);
  kill(successor, 'SIGTERM');
  await manager.heard(/^STOPPING=1$/m, ready.index);
  await program.finished();
});

test('it hears that the server is ready, too, when an upgrade has failed', async () => {
  const family = await Family.up('prefork-upgrade-fails.mjs', { env });
  const reloading = await manager.heard(/^RELOADING=1$/m);
  const { message } = await manager.heard(/^READY=1$/m, reloading.index);
  expect(message).toMatch(new RegExp(`^MAINPID=${family.master}$`, 'm'));
  await family.stop();
});

test('a server runs where nobody hears it, and says so once', async () => {
  const missing = { ...env, NOTIFY_SOCKET: `${path}.missing`, WATCHDOG_USEC: '20000' };
  const family = await Family.up('prefork-http.mjs', { env: missing });
  family.program.kill('SIGUSR2');
  await family.program.printed(/reforked generation=2/);
  const log = await family.stop();
  expect(log.match(/notify failed reason="ENOENT: /g)).toHaveLength(1);
});

test('what has to be heard is said again when there was no room for it', async () => {
  const deaf = new Manager(`${path}.deaf`, false);
  const sender = posix.socket(posix.AF_UNIX, posix.SOCK_DGRAM | posix.SOCK_CLOEXEC, 0);
  const fill = () => {
    for (;;) posix.sendto(sender, Buffer.from('X=1'), posix.MSG_DONTWAIT, `${path}.deaf`);
  };
  expect(fill).toThrow(expect.objectContaining({ code: 'EAGAIN' }) as Error);
  posix.close(sender);
  const family = await Family.up('prefork-http.mjs', { env: { ...env, NOTIFY_SOCKET: `${path}.deaf` } });
  family.program.kill('SIGUSR2');
  await family.program.printed(/reforked generation=2/);
  deaf.listen();
  const first = await deaf.heard(/^READY=1$/m);
  const { index } = await deaf.heard(/^RELOADING=1$/m);
  await deaf.heard(/^READY=1$/m, index);
  expect(index).toBeGreaterThan(first.index);
  await family.stop();
  deaf.close();
});

test('it hears that the server is ready, too, when no descriptor was free at that moment', async () => {
  const family = await Family.up('prefork-notify.mjs', { env, options: { workers: 1 } });
  await manager.heard(/^READY=1$/m);
  expect(await family.stop()).toMatch(/ notify failed reason="EMFILE: /);
});
