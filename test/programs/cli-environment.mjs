// A listener, for `truefork serve`, that answers as JSON who it is and what systemd's variables are in its environment.
export default function (request, response) {
  const variables = Object.keys(process.env).filter((name) => /^(LISTEN|NOTIFY|WATCHDOG)_/.test(name));
  response.setHeader('Connection', 'close');
  response.end(JSON.stringify({ pid: process.pid, variables }));
}
