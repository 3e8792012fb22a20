// A request listener, for `truefork serve`.
export default function (request, response) {
  response.end(`listener of ${request.url}\n`);
}
