// A listener whose worker leaves children behind, for `truefork serve`. /orphans/N: N that end at once, when they are its no
// more. /child: one that lives on; the answer is its pid.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

async function leave(count) {
  // Who starts them waits for none and ends; then they read the end of the pipe.
  const script = `for n in $(seq ${count}); do setsid -f sh -c 'read line <&3; exit 3'; done`;
  const shell = spawn('/bin/sh', ['-c', script], { stdio: ['ignore', 'ignore', 'inherit', 'pipe'] });
  await once(shell, 'exit');
  shell.stdio[3].destroy();
}

export default async function (request, response) {
  const [, what, count] = request.url.split('/');
  if (what === 'orphans') await leave(Number(count));
  const child = what === 'child' && spawn('/bin/sleep', ['1000'], { stdio: 'ignore' });
  const body = String(child ? child.pid : process.pid);
  response.setHeader('Content-Length', body.length);
  response.end(body);
}
