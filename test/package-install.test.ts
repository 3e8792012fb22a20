// The package as a stranger gets it: its tarball, installed by npm into an empty folder where there is no compiler. What the
// README shows is run there.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, realpathSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { codeBlocks } from './support/code-blocks';
import { pack, temporaryFolder } from './support/package';
import { nodes, Program, run, type Finished, type NodeBinary } from './support/programs';

const root = join(__dirname, '..');
const matrix = join(root, 'test', 'matrix', 'node_modules');
const readme = codeBlocks(join(root, 'README.md'));
const home = temporaryFolder();
let tarball: string;

// Each Node.js with the npm that it comes with, and the newest one with the newest, which runs no script of a package.
const npms: Record<string, string> = { 20: 'npm-10', 22: 'npm-10', 24: 'npm-11', 26: 'npm-12' };

beforeAll(() => {
  tarball = pack(home);
});

/** What the variables of an npm that runs the tests would tell the npm of a test is left out. */
function environment(variables: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const own = Object.keys(process.env).filter((name) =>
    /^npm_(?!config_)|^npm_config_.*prefix$|^NODE_OPTIONS$/.test(name),
  );
  return { ...Object.fromEntries(own.map((name) => [name, undefined])), ...variables };
}

// What it says of its settings and of what it runs; not of a package, or an error.
const npmsOwn = /^npm (warn Unknown .* config|notice) .*\n/gm;

/** An empty folder, and commands that run in it. */
class Project {
  readonly folder: string;
  readonly bin: string;
  readonly env: NodeJS.ProcessEnv;

  constructor(name: string, { major, path: node }: NodeBinary) {
    this.folder = join(home, name, 'project');
    this.bin = join(home, name, 'bin');
    const runtime = join(home, name, 'run');
    for (const folder of [this.folder, this.bin]) mkdirSync(folder, { recursive: true });
    mkdirSync(runtime, { mode: 0o700 });
    const npm = join(matrix, npms[major] ?? 'npm-12', 'bin');
    const shell = realpathSync('/bin/sh');
    const commands = {
      node,
      npm: join(npm, 'npm-cli.js'),
      npx: join(npm, 'npx-cli.js'),
      sh: shell,
      env: '/usr/bin/env',
    };
    for (const [name, path] of Object.entries(commands)) symlinkSync(path, join(this.bin, name));
    // These commands are all that there are.
    this.env = environment({ PATH: this.bin, XDG_RUNTIME_DIR: runtime });
  }

  start(file: string, args: string[], env: NodeJS.ProcessEnv = {}): Program {
    return new Program(join(this.bin, file), {
      node: '/usr/bin/env',
      args,
      cwd: this.folder,
      env: { ...this.env, ...env },
    });
  }

  async sh(command: string, env: NodeJS.ProcessEnv = {}): Promise<Finished> {
    const shell = this.start('sh', ['-c', command], env);
    try {
      const { stderr, ...finished } = await shell.finished();
      return { ...finished, stderr: stderr.replace(npmsOwn, '') };
    } finally {
      shell.end();
    }
  }

  write(name: string, text: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, text);
    return path;
  }
}

/** What a server answers. */
function get(port: number, path = '/'): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = http.get({ host: '127.0.0.1', port, path, agent: false }, (response) => {
      text(response).then(resolve, reject);
    });
    request.on('error', reject);
  });
}

const block = (language: string, part: string) => {
  const found = readme.filter(({ language: own, text }) => own === language && text.includes(part));
  if (found.length !== 1) throw new Error(`the README has ${found.length} blocks of ${language} with ${part}`);
  return found[0]?.text ?? '';
};

/** Its line that begins so, without the comment behind it. */
const line = (part: string) => {
  const found = block('sh', part)
    .split('\n')
    .filter((text) => text.startsWith(part));
  if (found.length !== 1) throw new Error(`the README has ${found.length} lines ${part}`);
  return found[0]?.replace(/ +#.*/, '') ?? '';
};

/** What the comment behind a console.log says that it prints. A sentence says something else. */
function promised(source: string): string[] {
  const comments = [...source.matchAll(/console\.log\(.*\); \/\/ (.*[^.\n])$/gm)].map(([, comment = '']) => comment);
  return comments.map((comment) => comment.replace(/….*/, ''));
}

const server = 'const server = ';
const isServer = ({ text }: { text: string }) => text.includes(server);
const programs = readme.filter(({ language }) => language === 'js');

describe.each(nodes())('on Node $major', ({ major, path: node }) => {
  const project = new Project(`node-${major}`, { major, path: node });
  const installed = join(project.folder, 'node_modules', 'truefork');

  test('it installs, where there is no compiler', async () => {
    const { code, stderr, stdout } = await project.sh(line('npm install').replace('truefork', tarball));
    expect({
      code,
      errors: stderr.match(/^npm (error|warn deprecated|warn .*(script|truefork)).*/gm) ?? [],
      stdout,
    }).toMatchObject({ code: 0, errors: [] });
    expect(() => execFileSync('gcc', ['--version'], { env: { PATH: project.bin } })).toThrow(/ENOENT/);
    const { stdout: version } = await project.sh('npx truefork --version');
    expect(version).toBe(
      `${(JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as { version: string }).version}\n`,
    );
  });

  test.each(programs.filter((program) => !isServer(program)))(
    'the program of line $line runs',
    async ({ text, line: number }) => {
      const program = project.write(`line-${number}.mjs`, text);
      const { code, signal, stdout, stderr } = await run(program, { node, cwd: project.folder, env: project.env });
      expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' });
      for (const output of promised(text)) expect(stdout).toContain(output);
    },
  );

  test.each(programs.filter(isServer))(
    'the server of line $line serves, and ends by SIGTERM',
    async ({ text, line: number }) => {
      // Any port that is free.
      const path = project.write(`line-${number}.mjs`, text.replace(/\b8080\b/, '0'));
      const program = new Program(path, { node, cwd: project.folder, env: project.env });
      const [, pids = '', port] = await program.printed(/^pids (.*) serve port (\d+)$/m);
      const workers = pids.split(', ').map(Number);
      expect(workers).toHaveLength(4);
      const [, pid] = /^hello from (\d+)\n$/.exec(await get(Number(port))) ?? [];
      expect(workers).toContain(Number(pid));
      program.kill('SIGTERM');
      expect(await program.finished()).toMatchObject({ code: 0, signal: null });
    },
  );

  test('the command serves, and shows and finds what it serves', async () => {
    const app = block('js', server)
      .replace(server, 'export default ')
      .replace(/^import .*truefork.*\n|^const master[^]*/gm, '');
    project.write('app.mjs', app);
    const serve = line('npx truefork serve').replace(' 8080', ' 0').replace(' 9080', ' 0');
    const program = project.start('sh', ['-c', serve]);
    const [, pid, port] = await program.logged(/"event":"listening","role":"master","pid":(\d+),.*"port":(\d+)/);
    const [, statusPort] = await program.logged(/"event":"status page",.*"port":(\d+)/);
    await program.logged(/"event":"registered"/);
    expect(await get(Number(port))).toMatch(/^hello from \d+\n$/);
    expect(await get(Number(statusPort))).toContain('<html');
    expect(await get(Number(statusPort), '/metrics')).toContain('# TYPE');
    expect((await project.sh(line('npx truefork top'))).stdout).toContain(`master ${pid}`);
    const watch = project.start('sh', ['-c', 'npx truefork watch hello']);
    await watch.printed(new RegExp(`\\b${port}\\b`));
    watch.end();
    process.kill(Number(pid), 'SIGTERM');
    expect(await program.finished()).toMatchObject({ code: 0, signal: null });
  });

  test('the command traces a program', async () => {
    project.write('program.mjs', block('js', 'decodeWaitStatus'));
    const { code, stderr } = await project.sh(line('npx truefork trace'));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(readFileSync(join(project.folder, 'family.html'), 'utf8')).toContain('</html>');
  });

  test.each(
    readme
      .filter(({ language }) => language === 'sh')
      .flatMap(({ text }) => text.split('\n'))
      .filter((text) => text.startsWith('npx truefork learn'))
      .map((text) => text.replace(/ +#.*/, '')),
  )('%s', async (command) => {
    const { code, stdout, stderr } = await project.sh(command);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('zombie');
  });
});

describe('without an addon for this processor', () => {
  const newest = nodes().at(-1);
  if (!newest) throw new Error('there is no Node.js');
  const { path: node } = newest;
  const project = new Project('source', newest);
  const installed = join(project.folder, 'node_modules', 'truefork');
  const load = `
    import { readFileSync } from 'node:fs';
    import { fork, waitpid } from 'truefork';
    const pid = fork();
    if (pid === 0) process.exit(3);
    console.log(waitpid(pid, 0).status >> 8, /\\S*truefork\\.node/.exec(readFileSync('/proc/self/maps', 'utf8'))[0]);`;

  test('the error says which command builds one, the README has it too, and what it built is preferred', async () => {
    expect((await project.sh(`npm install ${tarball}`)).code).toBe(0);
    const program = project.write('fork.mjs', load);
    const start = () => run(program, { node, cwd: project.folder, env: project.env });
    expect((await start()).stdout).toBe(
      `3 ${join(installed, 'prebuilds', `linux-${process.arch}`, 'truefork.node')}\n`,
    );

    const aside = join(home, 'prebuilds');
    renameSync(join(installed, 'prebuilds'), aside);
    const [, command = ''] = /build it: (.*)/.exec((await start()).stderr) ?? [];
    expect(command).toBe(line('npx --yes node-gyp').replace('node_modules/truefork', installed));

    // Its headers are in a folder beside it: not every machine that runs the tests may download them.
    const headers = {
      PATH: `${project.bin}:${process.env['PATH']}`,
      npm_package_config_node_gyp_nodedir: join(node, '..', '..'),
    };
    const built = await project.sh(line('npx --yes node-gyp'), headers);
    if (built.code !== 0) throw new Error(built.stdout + built.stderr);
    const addon = join(installed, 'native', 'build', 'Release', 'truefork.node');
    expect((await start()).stdout).toBe(`3 ${addon}\n`);
    cpSync(aside, join(installed, 'prebuilds'), { recursive: true });
    expect((await start()).stdout).toBe(`3 ${addon}\n`);
    rmSync(join(installed, 'native', 'build'), { recursive: true });
    expect((await start()).stdout).toContain('prebuilds');
  }, 1_200_000);
});
