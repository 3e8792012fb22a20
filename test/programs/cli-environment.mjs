// A listener, for `truefork serve`, that answers as JSON who it is and what systemd's variables are in its environment; for
// /all what else there is.
export default function (request, response) {
  const variables = Object.keys(process.env).filter((name) => /^(LISTEN|NOTIFY|WATCHDOG)_/.test(name));
  response.setHeader('Connection', 'close');
  if (request.url === '/all') {
    response.end(JSON.stringify(process.env));
    return;
  }
  response.end(JSON.stringify({ pid: process.pid, variables }));
}
