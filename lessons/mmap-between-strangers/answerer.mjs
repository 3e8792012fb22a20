// Answers on a page that it shares with the asker: node answerer.mjs PATH
import { getpid, getppid, pstree } from 'truefork';
import { ANSWERER, ASKER, Page } from './page.mjs';

const page = new Page(process.argv[2]);
page.waitFor(ANSWERER);
console.log(`answerer: pid ${getpid()} sees "${page.readline()}"`);
console.log(`${pstree(getppid())}`);
page.write('42');
page.pass(ASKER);
