// A program that leaves its pool alone when it has no more use for it.
import { Pool } from 'truefork/ipc';

const pool = new Pool(2);
console.log(String(await pool.map((n) => n * n, [2, 3])));
