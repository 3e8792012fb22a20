// Calls a server as often as it answers, and prints what came of it as JSON:
//
//   node rpc-load.mjs CLIENT PORT CONNECTIONS CALLS SECONDS
//
// so many connections, and so many calls under way on each. CLIENT is `raw`, which sends frames that are made once and counts
// those that come back, or what people would call the server with.
import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { createRpcClient } from 'truefork/rpc';
import { service } from '../rpc/grpc-service.mjs';

const [kind, ...numbers] = process.argv.slice(2);
const [port, connections, calls, seconds] = numbers.map(Number);
const WARM_UP = 1; // seconds
const host = '127.0.0.1';
const question = 'ireader 0';
const peer = createRequire(new URL('../peers/package.json', import.meta.url));

let counting = false;
let on = true;
let answered = 0;
const times = [];

function count(begun) {
  if (!counting) return;
  answered++;
  times.push(performance.now() - begun);
}

/** Callers that wait for one call, and make the next. */
function callers(call) {
  for (let n = 0; n < calls; n++) {
    (async () => {
      while (on) {
        const begun = performance.now();
        const answer = await call();
        if (answer !== question) throw new Error(`answered ${JSON.stringify(answer)}`);
        count(begun);
      }
    })();
  }
}

const kinds = {
  raw() {
    const body = Buffer.from(JSON.stringify({ in: 'ping', params: question }));
    const prefix = Buffer.alloc(4);
    prefix.writeUInt32LE(body.length);
    const frame = Buffer.concat([prefix, body]);
    const frames = Array.from({ length: calls + 1 }, (_, n) => Buffer.concat(Array(n).fill(frame)));
    const socket = connect({ port, host, noDelay: true }, () => socket.write(frames[calls]));
    // Of the reply that is coming, how many bytes are still to come; those of its prefix that have.
    let missing = 0;
    let head = 0;
    let headBytes = 0;
    socket.on('data', (chunk) => {
      let replies = 0;
      for (let at = 0; at < chunk.length;) {
        if (missing > 0) {
          const taken = Math.min(missing, chunk.length - at);
          at += taken;
          missing -= taken;
          if (missing === 0) replies++;
        } else {
          head += chunk[at++] * 2 ** (8 * headBytes++);
          if (headBytes < 4) continue;
          [missing, head, headBytes] = [head, 0, 0];
        }
      }
      if (counting) answered += replies;
      if (on && replies > 0) socket.write(frames[replies]);
    });
  },

  /** As it is written in an afternoon: one call at a time. */
  plain() {
    let answered;
    const socket = connect({ port, host, noDelay: true });
    socket.on('data', (chunk) => answered(JSON.parse(chunk.toString('utf8', 4)).result));
    callers(() => {
      const body = Buffer.from(JSON.stringify({ in: 'ping', params: question }));
      const frame = Buffer.allocUnsafe(4 + body.length);
      frame.writeUInt32LE(body.length);
      body.copy(frame, 4);
      return new Promise((resolve) => {
        answered = resolve;
        socket.write(frame);
      });
    });
  },

  truefork() {
    const client = createRpcClient({ host, port });
    callers(() => client.call('ping', question));
  },

  grpc() {
    const { makeClientConstructor, credentials } = peer('@grpc/grpc-js');
    const Client = makeClientConstructor(service, 'bench.Rpc');
    // Without that all clients of a process share a connection.
    const client = new Client(`${host}:${port}`, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
    callers(
      () =>
        new Promise((resolve, reject) =>
          client.ping(question, (error, answer) => (error ? reject(error) : resolve(answer))),
        ),
    );
  },

  jayson() {
    const client = peer('jayson').Client.tcp({ host, port });
    callers(
      () =>
        new Promise((resolve, reject) =>
          client.request('ping', [question], (error, { result } = {}) => (error ? reject(error) : resolve(result))),
        ),
    );
  },
};

for (let n = 0; n < connections; n++) kinds[kind]();
setTimeout(() => {
  counting = true;
  const begun = performance.now();
  setTimeout(() => {
    on = false;
    const perSecond = answered / ((performance.now() - begun) / 1000);
    times.sort((a, b) => a - b);
    const at = (share) => times[Math.floor(times.length * share)] ?? null;
    console.log(JSON.stringify({ perSecond, p50: at(0.5), p99: at(0.99) }));
    process.exit();
  }, seconds * 1000);
}, WARM_UP * 1000);
