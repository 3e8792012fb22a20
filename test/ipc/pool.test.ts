import { programPath, run } from '../support/programs';
import { holdOnEveryNode } from './cases';

holdOnEveryNode('ipc-pool.mjs', {
  map: 'a function is called with each item in the workers, and the results are in order',
  apply: 'a function is called with arguments, and may be async',
  closures: 'workers know functions with what these refer to; for a new function there are new ones',
  errors: 'what a function throws is thrown here: name, message, stack, cause and properties',
  untold: 'what cannot be told of an error does not leave the caller waiting, nor the worker going on as its parent',
  deaths: 'a worker that dies fails what it was at, and nothing else',
  forks: 'a fork that a worker makes is no worker: it answers nothing, and takes nothing to do',
  'waited-for': 'a worker that somebody else has waited for keeps none of the others alive',
  'not-begun': 'what a worker was given that dies before it begins is done by another, and not for ever',
  streams: 'results come one by one, and items are asked for as they are taken',
  left: 'a source that fails when it is left says so, and nobody else does',
  aborted: 'a signal ends what was begun and drops what was not',
  closed: 'a closed pool does what it has been given, and ends its workers',
  terminated: 'a terminated pool ends its workers at once',
  random: 'the workers draw different random numbers',
  'parent-killed': 'no worker outlives its parent',
  children: 'the workers are children of the process that has the pool',
  wrong: 'what cannot be is refused',
});

test('workers without work do not keep their parent alive', async () => {
  const ended = await run(programPath('ipc-pool-idle.mjs'));
  expect(ended).toEqual({ code: 0, signal: null, stdout: '4,9\n', stderr: '' });
});
