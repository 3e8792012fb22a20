// A listener, for `truefork serve`, that answers the worker's pid when the request's body has ended.
export default function (request, response) {
  const pid = String(process.pid);
  response.setHeader('Content-Length', pid.length);
  request.resume().once('end', () => response.end(pid));
}
