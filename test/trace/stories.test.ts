// Programs whose story is known: the timeline tells exactly that.
import { nodes } from '../support/programs';
import { temporaryDirectory } from '../support/runtime';
import { states, told } from './traced';

const fine = { code: 0, signal: null, stderr: '' };

describe.each(nodes())('on Node.js $major', ({ path: node }) => {
  test('a child that nobody waits for is a zombie until somebody does', async () => {
    const { facts, process, timeline, ...finished } = await told('zombie', { node });
    expect(finished).toMatchObject(fine);
    const [parent, zombie] = [process(facts['self']), process(facts['zombie'])];
    expect(zombie).toMatchObject({ parent: parent.id, reapedBy: parent.id, end: { state: 'exited', code: 3 } });
    expect(states(zombie).at(-1)).toBe('zombie');
    expect(zombie.reaped).toBeGreaterThan(zombie.died ?? NaN);
    expect(parent).toMatchObject({ parent: null, end: { state: 'exited', code: 0 } });
    expect(parent.spans.filter((span) => span.in === 'nanosleep')).toHaveLength(1);
    expect(timeline).toMatchObject({ version: 1, dropped: 0, torn: 0 });
    expect(timeline.processes.map(({ pid }) => pid)).toEqual([facts['self'], facts['zombie']]);
  });

  test('a signal goes from who sends it to who handles it', async () => {
    const { facts, process, timeline } = await told('handled', { node });
    const [sender, receiver] = [process(facts['self']).id, process(facts['receiver']).id];
    expect(timeline.signals).toEqual([
      expect.objectContaining({ signal: 'SIGUSR1', from: sender, to: receiver, effect: 'handled' }),
    ]);
    const [{ sent, arrived } = { sent: 0, arrived: -1 }] = timeline.signals;
    expect(arrived).toBeGreaterThanOrEqual(sent);
  });

  test('a process is stopped, goes on, and is killed', async () => {
    const { facts, process, timeline } = await told('stopped', { node });
    const stopped = process(facts['stopped']);
    expect(
      states(stopped)
        // A zombie is seen if its parent is late.
        .filter((state) => !['running', 'zombie'].includes(state))
        .slice(-2),
    ).toEqual(['stopped', 'sleeping']);
    expect(stopped.end).toEqual({ state: 'signaled', signal: 'SIGKILL', coreDumped: false });
    const own = timeline.signals.filter(({ to }) => to === stopped.id);
    expect(own.map(({ signal, effect }) => [signal, effect])).toEqual([
      ['SIGSTOP', 'stopped'],
      ['SIGCONT', 'continued'],
      ['SIGKILL', 'killed'],
    ]);
  });

  test('a program is told of with its arguments, at whatever moment of its beginning it is seen', async () => {
    const { facts, timeline } = await told('execs', { node });
    const strangers = timeline.processes.filter(({ pid }) => pid !== facts['self']);
    expect(strangers).toHaveLength(400);
    const names = strangers.flatMap(({ programs }) => programs.map(({ name }) => name));
    expect([...new Set(names)]).toEqual(['sleep 0.03']);
  });

  test('a program that is executed is the same process, and tells of itself if it is a Node.js', async () => {
    const { facts, process, timeline } = await told('exec', { node });
    const fails = process(facts['fails']);
    expect(fails).toMatchObject({ programs: [], end: { state: 'exited', code: 9 } });
    const failed = timeline.events.filter((event) => event.process === fails.id && event.error !== undefined);
    expect(failed).toMatchObject([{ kind: 'execvpe', error: 'ENOENT' }]);
    expect(process(facts['stranger'])).toMatchObject({ name: 'sleep 1000', end: { signal: 'SIGTERM' } });
    expect(process(facts['stranger']).programs).toMatchObject([{ name: 'sleep 1000' }]);
    const other = process(facts['node']);
    expect(other.programs).toMatchObject([{ name: 'node trace-stories.mjs marks' }]);
    const marks = timeline.events.filter(({ kind }) => kind === 'mark');
    expect(marks).toMatchObject([{ process: other.id, text: 'in <another> & "program"' }]);
    expect(process(facts['spawned'])).toMatchObject({ name: 'true', end: { state: 'exited', code: 0 } });
  });

  test('messages go through a pipe from who writes them to who reads them', async () => {
    const { facts, process, timeline } = await told('pipe', { node });
    const [from, to] = [process(facts['self']).id, process(facts['reader']).id];
    const messages = timeline.messages.filter((message) => message.from === from);
    expect(messages.map(({ bytes, to: reader }) => [bytes, reader])).toEqual([
      [3, to],
      [5, to],
      [6, null],
    ]);
    for (const { written, read } of messages.slice(0, 2)) expect(read).toBeGreaterThanOrEqual(written);
  });

  test('what Node.js does itself is seen: process.kill, process.on, the exit', async () => {
    const { facts, process, timeline, code } = await told('node', { node });
    expect(code).toBe(6);
    const own = process(facts['self']);
    expect(own.end).toEqual({ state: 'exited', code: 6 });
    expect(timeline.signals).toMatchObject([{ signal: 'SIGUSR2', from: own.id, to: own.id, effect: 'handled' }]);
    expect(timeline.events.map(({ kind }) => kind)).toEqual(['start', 'kill', 'handled', 'exit']);
  });
});

test('a signal that is waited for is accepted', async () => {
  const { facts, process, timeline } = await told('accepted');
  const [sender, receiver] = [process(facts['self']).id, process(facts['receiver']).id];
  expect(timeline.signals).toMatchObject([{ signal: 'SIGUSR2', from: sender, to: receiver, effect: 'accepted' }]);
});

test('an orphan has the parent that has made it, and is adopted when that one has ended', async () => {
  const { facts, process } = await told('orphan');
  const [middle, orphan] = [process(facts['middle']), process(facts['orphan'])];
  expect(orphan).toMatchObject({ parent: middle.id, reapedBy: null });
  expect(orphan.adopted).toHaveLength(1);
  expect(orphan.adopted[0]?.by).toBeNull();
  expect(orphan.adopted[0]?.at).toBeLessThan(orphan.died ?? 0);
});

test('the programs of child_process are seen, and tell of themselves', async () => {
  const { facts, process, timeline } = await told('spawned');
  const program = process(facts['program']);
  expect(program).toMatchObject({
    parent: process(facts['self']).id,
    name: 'node trace-stories.mjs marks',
    end: { state: 'exited', code: 0 },
  });
  expect(timeline.events.filter(({ kind }) => kind === 'mark')).toMatchObject([{ process: program.id }]);
});

test('a pair of sockets has two directions', async () => {
  const { facts, process, timeline } = await told('sockets');
  const [self, echo] = [process(facts['self']).id, process(facts['echo']).id];
  expect(timeline.messages.map(({ from, to, bytes }) => [from, to, bytes])).toEqual([
    [self, echo, 4],
    [echo, self, 5],
  ]);
});

test('strangers are joined by their FIFO', async () => {
  const { facts, process, timeline } = await told('fifo', { args: [temporaryDirectory()] });
  const [from, to] = [process(facts['writer']).id, process(facts['reader']).id];
  expect(timeline.messages).toMatchObject([{ from, to, bytes: 15 }]);
  const opened = timeline.events.filter(({ kind }) => kind === 'open');
  expect(opened.map(({ process: id }) => id).sort()).toEqual([from, to].sort());
});

test('mappings are made and unmade', async () => {
  const { timeline } = await told('mapping');
  const texts = timeline.events.filter(({ kind }) => kind.includes('map')).map(({ text }) => text);
  expect(texts).toEqual(['mmap: 8,192 bytes, shared, anonymous', 'munmap: 8,192 bytes']);
});

test('a hundred children are all there, each with its end', async () => {
  const { facts, process, timeline } = await told('hundred');
  const pids = facts['pids'] as unknown as number[];
  expect(timeline.processes).toHaveLength(101);
  const parent = process(facts['self']).id;
  pids.forEach((pid, index) => {
    expect(process(pid)).toMatchObject({ parent, reapedBy: parent, end: { state: 'exited', code: index } });
  });
});

test('what there is no room for is counted, and said', async () => {
  const { timeline, code, stderr } = await told('traffic', { options: ['--capacity', '16'] });
  expect(code).toBe(0);
  expect(timeline.events.length).toBeLessThanOrEqual(16);
  expect(timeline.dropped).toBeGreaterThan(180);
  expect(stderr).toBe(`truefork: ${timeline.dropped} events dropped: there was no room for more (--capacity)\n`);
});

test('who is killed while it writes spoils nothing but what it was writing', async () => {
  const { facts, process, timeline } = await told('killed', { options: ['--capacity', '2000000'] });
  const pids = facts['pids'] as unknown as number[];
  expect(timeline.dropped).toBe(0);
  expect(timeline.torn).toBeLessThanOrEqual(pids.length);
  for (const pid of pids) {
    const { id, end } = process(pid);
    expect(end).toEqual({ state: 'signaled', signal: 'SIGKILL', coreDumped: false });
    const marks = timeline.events.filter(({ process: of, kind }) => of === id && kind === 'mark');
    expect(marks.map(({ text }) => Number(text))).toEqual(marks.map((_, index) => index));
  }
});

test('every process has a state from its birth to its end, without a gap', async () => {
  for (const story of ['stopped', 'orphan', 'fifo']) {
    const { timeline } = await told(story, { args: [temporaryDirectory()] });
    for (const { spans, born, died, reaped } of timeline.processes) {
      expect(spans[0]?.begin).toBe(born);
      expect(spans.at(-1)?.end).toBe(reaped ?? (died === null ? timeline.duration : spans.at(-1)?.end));
      spans.slice(1).forEach(({ begin }, index) => {
        expect(begin).toBe(spans[index]?.end);
      });
    }
  }
});
