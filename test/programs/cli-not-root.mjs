// `truefork`, by somebody who is not root.
if (process.getuid() === 0) {
  process.setgroups([65534]);
  process.setgid(65534);
  process.setuid(65534);
}
await import('../../dist/cli/main.js');
