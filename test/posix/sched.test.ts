import { holds } from './cases';

holds('posix-sched.mjs', {
  nice: 'nice values are added to, set and asked for, -1 is one, and what is beyond the ends becomes the end',
  affinity: 'a process runs on the processors that it is given, and children inherit them',
  policies: 'policies and priorities are set within their ranges, and inherited unless they are not to be',
});
