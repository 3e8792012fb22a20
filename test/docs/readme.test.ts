// The blocks of the README: see pages.ts.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, program, testPage } from './pages';

testPage('README.md', {
  Install: { notRun: 'test/package-install runs it' },
  'Install (2)': { notRun: 'test/package-install runs it' },
  'Try it': { notRun: 'they are these tests; what npm start runs, test/main-job runs' },
  'fork and waitpid': program,
  'Signals, terminals, memory, other programs': async (text, reader) => {
    expect((await reader.program(text)).stdout).toBe('still waiting\n');
  },
  prefork: async (text, reader) => {
    const master = reader.start(text);
    const [, pids = ''] = await master.printed(new RegExp(`^pids (\\d+(?:, \\d+){3}) serve port ${reader.port}$`, 'm'));
    const [, pid] = /^hello from (\d+)\n$/.exec(await reader.get()) ?? [];
    expect(pids.split(', ')).toContain(pid);
    master.kill('SIGTERM');
    expect(await master.finished()).toMatchObject({ code: 0, stderr: '' });
  },
  'prefork (2)': async (text, reader) => {
    reader.replace('9080', String(await freePort()));
    reader.write(
      'app.mjs',
      "import { createServer } from 'node:http';\nexport default createServer((request, response) => response.end());\n",
    );
    const [serve = '', top = ''] = text.split('\n');
    await reader.serve(serve);
    expect(await reader.get()).toBe('');
    expect((await reader.shell(top)).stdout).toMatch(/4 of 4 workers ready/);
    for (const path of ['/', '/metrics'])
      expect((await fetch(reader.here(`http://localhost:9080${path}`))).status).toBe(200);
  },
  'Between processes': program,
  'Seeing it': async (text, reader) => {
    reader.write(
      'program.mjs',
      "import { fork, waitpid } from 'truefork';\nconst pid = fork();\nif (pid) waitpid(pid, 0);\n",
    );
    await reader.shell(text);
    expect(existsSync(join(reader.folder, 'family.html'))).toBe(true);
  },
  Learn: async (text, reader) => {
    const { stdout } = await reader.shell(text);
    expect(stdout).toMatch(/^ *zombies /m);
    expect(existsSync(join(reader.folder, 'zombies.html'))).toBe(true);
  },
  Benchmarks: { notRun: 'test/bench runs the shortest of them' },
});
