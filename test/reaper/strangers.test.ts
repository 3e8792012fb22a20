import { asProcess1 } from '../support/namespaces';
import { nodes, programPath, run } from '../support/programs';

async function facts(args: string[], node: string): Promise<unknown> {
  const { code, signal, stdout, stderr } = await run(programPath('reaper-strangers.mjs'), { node, args });
  expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' });
  return JSON.parse(stdout);
}

describe.each(nodes())('on Node $major', ({ path: node }) => {
  const cases = (...args: string[]) => facts(args, node);

  test('each orphan is waited for and told once, also those of orphans', async () => {
    const counts = { 11: 1, 12: 1, 13: 1, 14: 1, SIGKILL: 1 };
    expect(await cases('orphans')).toEqual({ before: false, after: true, counts, children: [] });
  });

  test('five hundred that end at once leave no zombie', async () => {
    expect(await cases('many', '500')).toEqual({ living: 500, counts: { 21: 500 }, children: [] });
  });

  test('so do those that came before there was a reaper', async () => {
    expect(await cases('earlier')).toEqual({ counts: { 31: 1, 32: 1 }, children: [] });
  });

  test('a child of fork() that has ended is left to its waitpid(), and hides no stranger', async () => {
    expect(await cases('forked')).toEqual({ own: true, codes: [41, 42], left: [], children: [] });
  });

  test('a child of child_process is known until its end has been told', async () => {
    expect(await cases('spawned')).toEqual({ own: true, code: 45, left: [] });
  });

  test('a child of a worker thread is left to it, however busy that is', async () => {
    expect(await cases('thread')).toEqual({ left: true, code: 51 });
  });

  test('a child that a worker thread has left behind is a stranger', async () => {
    expect(await cases('threadEnded')).toEqual({ counts: { 52: 1 }, children: [] });
  });

  test('a child that another thread has waited for is known no more', async () => {
    expect(await cases('taken')).toEqual({ own: 1, left: [] });
  });

  test('nobody is waited for while the program expects a child that it does not know yet', async () => {
    const exited = (code: number) => ({ state: 'exited', code });
    expect(await cases('sibling')).toEqual({ left: true, status: exited(71), mold: exited(0) });
  });

  test('a child that a Reaper has been told of is left to it', async () => {
    expect(await cases('watched')).toEqual({ left: true, status: { state: 'exited', code: 81 } });
  });

  test('a pid that was a child’s and is an orphan’s is neither signalled nor taken for the child', async () => {
    const { stdout, stderr } = await run(programPath('reaper-strangers.mjs'), {
      ...asProcess1(node),
      args: ['reused'],
    });
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({ refused: ['ESRCH'], own: [], alive: true, counts: { SIGTERM: 1 } });
  });

  test('they are waited for when there are descriptors again, if none is free', async () => {
    expect(await cases('exhausted')).toEqual({ counts: { 25: 1 }, looks: true, children: [] });
  });

  test('child_process gets each code of its own while strangers come and go', async () => {
    expect(await cases('exec', '500')).toEqual({ wrong: [], counts: { 222: 500 }, children: [] });
  });

  test('in a forked child it is closed, and another can be made', async () => {
    expect(await cases('inChild')).toEqual({ status: { state: 'exited', code: 90 }, signal: 'SIGKILL' });
  });

  test('it does not keep the process, and when it is closed nothing is left', async () => {
    expect(await cases('close', 'open')).toEqual({});
    expect(await cases('close')).toEqual({ listeners: 0 });
    expect(await cases('closedByAsking')).toEqual({ asked: 1, children: 1 });
  });

  test('in a worker thread it is refused, and where /proc is that of another pid namespace', async () => {
    expect(await cases('refused')).toBe('ERR_WORKER_UNSUPPORTED_OPERATION');
    const process1 = asProcess1(node);
    const nodeArgs = process1.nodeArgs.filter((flag) => flag !== '--mount-proc');
    const path = programPath('reaper-strangers.mjs');
    const { stderr } = await run(path, { ...process1, nodeArgs, args: ['close'] });
    expect(stderr).toMatch(/code: 'ERR_NO_PROC'/);
  });
});
