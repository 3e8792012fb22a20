// The servers that are started: `bare`, nothing but node:http; `express`, an application on Express.
import http from 'node:http';

const listeners = {
  async bare() {
    return (request, response) => response.end('ok');
  },
  async express() {
    const { default: express } = await import('express');
    const app = express();
    app.use(express.json());
    app.get('/', (request, response) => response.send('ok'));
    return app;
  },
};

export async function application(name) {
  return http.createServer(await listeners[name]());
}
