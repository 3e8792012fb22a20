// The servers that are measured. Each response is the pid of the process that made it: `bare`, nothing but node:http;
// `express`, an application on Express; `uneven`, one that computes for 20 ms at every fiftieth request; `large`, one that has 100 MB of
// records and reads one for each request.
import { appendFileSync } from 'node:fs';

const MEGABYTES = 100;

function records() {
  const list = [];
  while (process.memoryUsage().heapUsed < MEGABYTES * 2 ** 20) {
    for (let n = 0; n < 5_000; n++) list.push({ id: list.length, name: `record ${list.length}`, tags: [n, n + 1] });
  }
  return list;
}

const listeners = {
  async bare() {
    return (request, response) => response.end(`${process.pid}`);
  },
  async express() {
    const { default: express } = await import('express');
    const app = express();
    app.use(express.json());
    app.get('/', (request, response) => response.send(`${process.pid}`));
    return app;
  },
  async uneven() {
    let left = Math.ceil(Math.random() * 50);
    return (request, response) => {
      if (--left === 0) {
        left = 50;
        const end = performance.now() + 20;
        while (performance.now() < end);
      }
      response.end(`${process.pid}`);
    };
  },
  async large() {
    const list = records();
    return (request, response) => {
      const { id, name, tags } = list[Math.floor(Math.random() * list.length)];
      response.end(`${process.pid} ${JSON.stringify({ id, name, tags })}`);
    };
  },
};

/** The listener of one. */
export function application(name) {
  return listeners[name]();
}

/**
 * The server of the one that APPLICATION names. Each process that accepts connections adds its pid to the file LISTENING.
 *
 * @param create makes a server of a listener
 */
export async function served(create) {
  const server = create(await application(process.env.APPLICATION));
  return server.on('listening', () => appendFileSync(process.env.LISTENING, `${process.pid}\n`));
}
