// A request listener that says more on stderr than a pipe holds.
export default function (_request, response) {
  process.stderr.write('a flood\n'.repeat(2 ** 17));
  response.end();
}
