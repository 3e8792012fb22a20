// Whether createAppServer() of an app of Express serves as http.createServer() does, with its prototypes from the first.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, IncomingMessage, ServerResponse } from 'node:http';
import express from 'express';
import { createAppServer } from 'truefork';

const app = express();
app.set('trust proxy', true).use(express.json());
app.post('/json', (request, response) => response.status(201).json({ ...request.body, ip: request.ip }));
app.get('/classes', (request, response) => {
  response.send([request instanceof IncomingMessage, response instanceof ServerResponse, request.constructor.name]);
});
app.get('/redirect', (request, response) => response.redirect('/json'));
app.get('/broken', () => {
  throw Object.assign(new Error('broken'), { status: 418 });
});
// Has prototypes of its own, for as long as a request is there.
const mounted = express();
Object.defineProperty(mounted.request, 'mounted', { get: () => 'mounted' });
mounted.get('/', (request, response, next) => (request.query.next ? next() : response.send([request.mounted])));
app.use('/mounted', mounted);
app.use((request, response) => response.status(404).send([request.mounted ?? 'not mounted', request.baseUrl]));
// Who is to answer says so himself: stacks have other names.
app.use((error, request, response, next) => {
  if (response.headersSent) next(error);
  else response.status(error.status).send([error.message]);
});

const asked = [
  [
    '/json',
    { method: 'POST', body: '{"a":1}', headers: { 'content-type': 'application/json', 'x-forwarded-for': '1.2.3.4' } },
  ],
  ['/json', { method: 'POST', body: '{', headers: { 'content-type': 'application/json' } }],
  ['/json', { method: 'HEAD' }],
  ['/classes'],
  ['/redirect', { redirect: 'manual' }],
  ['/broken'],
  ['/mounted'],
  ['/mounted?next=1'],
  ['/nowhere'],
];

/** What it answers to all of them, without what is of the moment. */
async function answers(server) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const list = [];
  for (const [path, options] of asked) {
    const response = await fetch(`http://127.0.0.1:${server.address().port}${path}`, options);
    const headers = Object.fromEntries(response.headers);
    delete headers.date;
    list.push({ path, status: response.status, headers, body: await response.text() });
  }
  server.close().closeAllConnections();
  return list;
}

const plain = await answers(createServer(app));
const server = createAppServer(app);
let born = 0;
server.prependListener('request', (request, response) => {
  assert.equal(Object.getPrototypeOf(request), app.request);
  assert.equal(Object.getPrototypeOf(response), app.response);
  born += 1;
});
assert.deepEqual(await answers(server), plain);
assert.equal(born, asked.length);
assert.deepEqual(plain.map(({ status }) => status).join(), '201,400,404,200,302,418,200,404,404');

// Whoever is no Express is served as ever.
function other(request, response) {
  response.end(String(Object.getPrototypeOf(request) === IncomingMessage.prototype));
}
other.request = {};
const [{ body }] = await answers(createAppServer(other));
assert.equal(body, 'true');

for (const wrong of [undefined, {}, 'app']) assert.throws(() => createAppServer(wrong), TypeError);
console.log('passed');
process.exit();
