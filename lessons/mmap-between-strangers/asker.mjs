// Asks on a page that it shares with the answerer: node asker.mjs PATH
import { getpid } from 'truefork';
import { ANSWERER, ASKER, Page } from './page.mjs';

const page = new Page(process.argv[2]);
page.waitFor(ASKER);
console.log(`asker:    pid ${getpid()} writes its question into the memory`);
page.write('what is 6 times 7?');
page.pass(ANSWERER);

page.waitFor(ASKER);
console.log(`asker:    "${page.readline()}"`);
