// A request listener and what its workers do last, for `truefork serve`. It answers with which worker it is.
import { thisWorker } from 'truefork';

export default (request, response) => response.end(JSON.stringify(thisWorker()));

export async function beforeWorkerExit() {
  await new Promise((resolve) => setTimeout(resolve, 100).unref());
  const { worker, generation } = thisWorker();
  console.log(`worker ${worker} of ${generation} is clean`);
}
