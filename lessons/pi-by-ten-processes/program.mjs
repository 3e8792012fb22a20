// π is cut into ten strips. Ten processes measure one each, and the parent adds up what they send back.
import { getpid, pstree } from 'truefork';
import { Pool } from 'truefork/ipc';
import { area } from './area.mjs';

const PROCESSES = 10;

const pool = new Pool(PROCESSES);
const strips = Array.from({ length: PROCESSES }, (_, n) => n);
const areas = await pool.map((n) => area(n, PROCESSES), strips); // In the order of the strips, whoever is done first.
console.log(`parent: pid ${getpid()} has its workers still, who wait for more to do`);
console.log(`${pstree()}`);
console.log(`parent: the areas are ${areas.map((one) => one.toFixed(4)).join(', ')}`);

pool.close();
await pool.join();
const pi = areas.reduce((sum, one) => sum + one);
console.log(`parent: pid ${getpid()} is alone, and pi is ${pi.toFixed(10)}`);
