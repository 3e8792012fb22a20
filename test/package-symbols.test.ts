// The addon that is packed loads on the least system that is supported: it needs no symbol that is newer.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from './support/package';

const root = join(__dirname, '..');
const home = temporaryFolder();

/** Puts an addon into a package that is not there: whether it is taken. */
function prebuild(addon: string): { status: number | null; stderr: string } {
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'scripts', 'prebuild.mjs'), addon, home], {
    encoding: 'utf8',
  });
  return { status, stderr };
}

const refusal = 'the addon would not load on the least system that is supported: it needs';

test('the addon is one', () => {
  expect(prebuild(join(root, 'build', 'Release', 'truefork.node'))).toEqual({ status: 0, stderr: '' });
  expect(existsSync(join(home, `linux-${process.arch}`, 'truefork.node'))).toBe(true);
});

test.each(['GLIBC_2.35', 'GLIBC_2.100', 'GLIBCXX_3.4.30', 'CXXABI_1.3.14', 'GLIBC_PRIVATE', 'OPENSSL_3.0.0'])(
  'one that needs %s is not',
  (version) => {
    // A library that has a symbol of that version, in the place of the system's.
    const provider = join(home, `provider-${version}.so`);
    writeFileSync(join(home, 'map'), `${version} { global: too_new; };`);
    writeFileSync(join(home, 'provider.c'), 'int too_new(void) { return 1; }');
    execFileSync('gcc', [
      '-shared',
      '-fPIC',
      '-o',
      provider,
      `-Wl,--version-script=${join(home, 'map')}`,
      join(home, 'provider.c'),
    ]);
    const file = join(home, 'needs.c');
    writeFileSync(file, 'int too_new(void); int f(void) { return too_new(); }');
    const addon = join(home, 'needs.node');
    execFileSync('gcc', ['-shared', '-fPIC', '-o', addon, file, provider]);
    expect(prebuild(addon)).toEqual({ status: 1, stderr: `${refusal} too_new@${version}\n` });
  },
);
