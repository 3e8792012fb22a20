// A listener, for `truefork serve`, that answers the worker's pid.
export default function (request, response) {
  const pid = String(process.pid);
  response.setHeader('Content-Length', pid.length);
  response.end(pid);
}
