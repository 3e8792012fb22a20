// measures inner phases
import { prefork } from 'truefork';
import { application } from '/work/main/bench/programs/application.mjs';
const server = await application(process.argv[2]);
const start = performance.now();
const master = await prefork(server, { host: '127.0.0.1', workers: 4 , log: (l)=>{ process.env.V && process.stderr.write(`${(performance.now()-start).toFixed(2)} ${l}\n`)}});
console.log(performance.now() - start);
await master.stop({ quick: true });
