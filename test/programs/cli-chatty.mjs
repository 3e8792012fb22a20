// A request listener that says on stdout what it answers.
let served = 0;

export default function (_request, response) {
  const answer = `${process.pid} ${++served}`;
  console.log(`served ${answer}.`);
  response.end(`${answer}.`);
}
