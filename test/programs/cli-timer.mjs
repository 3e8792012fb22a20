// A listener, and a timer that keeps its process alive, for `truefork serve`.
setInterval(() => undefined, 60_000);
console.error(`loaded by ${process.pid}`);
export default function (request, response) {
  response.end();
}
