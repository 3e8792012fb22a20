import { asProcess1 } from '../support/namespaces';
import { nodes, passes, programPath, run } from '../support/programs';

async function facts(program: string, args: string[], node: string): Promise<unknown> {
  const { code, signal, stdout, stderr } = await run(programPath(program), { node, args });
  expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' });
  return JSON.parse(stdout);
}

const kinds = nodes().flatMap(({ major, path }) =>
  (['pidfd', 'sigchld'] as const).map((by) => ({ major, by, node: path })),
);

describe.each(kinds)('by $by on Node $major', ({ by, node }) => {
  const cases = (name: string, ...args: string[]) => facts('reaper-cases.mjs', [by, name, ...args], node);

  test('each exit is told once, decoded, as an event and by its promise', async () => {
    const exited = (code: number) => ({ state: 'exited', code });
    const signaled = (signal: string | number) => ({ state: 'signaled', signal, coreDumped: false });
    const statuses = {
      'code 0': exited(0),
      'code 1': exited(1),
      'code 255': exited(255),
      'code 7 at the gate': exited(7),
      'process.exit(9)': exited(9),
      SIGTERM: signaled('SIGTERM'),
      SIGKILL: signaled('SIGKILL'),
      SIGRTMIN: signaled(40),
    };
    const results = Object.fromEntries(
      Object.entries(statuses).map(([way, status]) => [way, { status, told: [status], has: false }]),
    );
    expect(await facts('reaper-exits.mjs', [by], node)).toEqual({ results, pids: [] });
  });

  test('child_process hears of its own children beside it', async () => {
    expect(await facts('reaper-neighbours.mjs', [by], node)).toEqual({ forked: 50, spawned: 150 });
  });

  test('children that end at the same moment are all told, even if a listener throws', async () => {
    const many = await facts('reaper-many.mjs', [by, '100'], node);
    expect(many).toEqual({ inOrder: true, exits: 100, thrown: 1 });
  });

  test('a child that has ended before is told, too', async () => {
    expect(await cases('before')).toEqual({ status: { state: 'exited', code: 4 }, same: true });
  });

  test('a status that somebody else has taken is told to be lost', async () => {
    expect(await cases('stolen')).toEqual({
      events: ['lost', 'lost'],
      error: { name: 'StatusLostError', code: 'ERR_STATUS_LOST', pid: true },
      pids: [],
    });
  });

  test('a process that is no child of ours is told to be lost, and goes on', async () => {
    expect(await cases('stranger')).toEqual({ code: 'ERR_STATUS_LOST', alive: true });
  });

  test('what is no pid is refused', async () => {
    const range = 'ERR_OUT_OF_RANGE';
    const type = 'ERR_INVALID_ARG_TYPE';
    expect(await cases('wrong')).toEqual({ errors: [range, range, range, range, range, type, type], pids: [] });
  });

  test('a child that has been reaped is not signalled any more', async () => {
    const refused = { name: 'ProcessLookupError', code: 'ESRCH' };
    expect(await cases('kill')).toEqual({
      status: { state: 'signaled', signal: 'SIGTERM', coreDumped: false },
      stranger: refused,
      reaped: refused,
    });
  });

  test('in a forked child the reaper is closed, and another can be made', async () => {
    expect(await cases('forked')).toEqual({
      status: { state: 'exited', code: 33 },
      elder: { state: 'signaled', signal: 'SIGKILL', coreDumped: false },
    });
  });

  test('when it is closed the process can end, and nothing is left', async () => {
    expect(await cases('close')).toEqual({ leaked: 0, pids: [], listeners: 0 });
  });

  test('without children it does not keep the process', async () => {
    expect(await cases('idle')).toEqual({ listeners: 0 });
  });
});

test('a child that has got the pid of one that somebody else has waited for is not signalled in its place', async () => {
  await passes('reaper-same-pid.mjs', asProcess1());
});

test.each(['pidfd', 'sigchld'])('a thousand children leave no descriptor and no zombie, by %s', async (by) => {
  const left = await facts('reaper-cases.mjs', [by, 'thousand', '1000'], process.execPath);
  expect(left).toEqual({ most: { descriptors: 0, zombies: 0 }, pids: [] });
});
