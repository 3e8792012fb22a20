import { Program } from '../support/programs';
import { command, truefork } from './truefork';

test('truefork supervise keeps a command running, with options of its own, until it is told to end', async () => {
  const args = [
    'supervise',
    '--check-interval',
    '20ms',
    '--',
    'sh',
    '-c',
    'echo runs $$; exec sleep 1000',
    '--max-failures',
  ];
  const program = new Program(command, { args });
  const [, first] = await program.printed(/^runs (\d+)\n/);
  process.kill(Number(first), 'SIGKILL');
  await program.printed(/^runs \d+\nruns \d+\n/);
  program.kill('SIGTERM');
  const { code, stderr } = await program.finished();
  expect(code).toBe(0);
  expect(stderr.replaceAll(/pid=\d+ /g, '').split('\n')).toEqual([
    'supervisor supervising program="sh -c echo runs $$; exec sleep 1000 --max-failures"',
    'program started',
    'program exited signal=SIGKILL',
    'supervisor restart ms=0 failures=1',
    'program started',
    'supervisor signal=SIGTERM',
    'supervisor stopping signal=SIGTERM',
    'program exited signal=SIGTERM',
    'supervisor stopped',
    '',
  ]);
});

test('a command that never answers, and one that is not there, are given up', async () => {
  const silent = ['supervise', '--tcp', '1', '--check-interval', '1ms', '--max-failures', '2', '--', 'sleep', '1000'];
  const { code, stderr } = await truefork(silent);
  expect(code).toBe(1);
  expect(stderr.match(/check failed reason=.*ECONNREFUSED/g)).toHaveLength(2);
  expect(stderr).toMatch(/ giving up failures=2\n.* stopped\n$/);
  const missing = await truefork(['supervise', '/nonexistent', '--max-failures', '1']);
  expect(missing.code).toBe(1);
  expect(missing.stderr).toContain(`start failed reason="ENOENT: no such file or directory, execvp('/nonexistent')"`);
});
