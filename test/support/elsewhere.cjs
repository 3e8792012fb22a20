// Pretends, with `node --require`, another platform before the package is loaded, by what it looks at: ELSEWHERE says which.
'use strict';

const pretended = {
  darwin: () => platform('darwin'),
  win32: () => {
    platform('win32');
    for (const name of ['getuid', 'geteuid', 'getgid', 'getegid', 'setuid', 'setgid', 'setgroups', 'initgroups']) {
      delete process[name];
    }
  },
  musl: () => {
    glibc(undefined);
    // As musl 1.2 says it of the addon.
    noLoading((path) => `Error relocating ${path}: strerrordesc_np: symbol not found`);
  },
  'old-glibc': () => {
    glibc('2.31');
    noLoading((path) => `/lib/x86_64-linux-gnu/libc.so.6: version \`GLIBC_2.34' not found (required by ${path})`);
  },
  freebsd: () => platform('freebsd'),
  riscv64: () => Object.defineProperty(process, 'arch', { value: 'riscv64' }),
  broken: () => noLoading((path) => `${path}: file too short`),
  // As with --no-addons.
  'no-addons': () =>
    noLoading(() => 'Cannot load native addon because loading addons is disabled.', 'ERR_DLOPEN_DISABLED'),
};

function platform(name) {
  Object.defineProperty(process, 'platform', { value: name });
}

function glibc(version) {
  const { getReport } = process.report;
  process.report.getReport = () => {
    const report = getReport.call(process.report);
    if (version === undefined) delete report.header.glibcVersionRuntime;
    else report.header.glibcVersionRuntime = version;
    return report;
  };
}

function noLoading(message, code = 'ERR_DLOPEN_FAILED') {
  process.dlopen = (_module, path) => {
    throw Object.assign(new Error(message(path)), { code });
  };
}

pretended[process.env.ELSEWHERE]();
