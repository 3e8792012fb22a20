import { holds, holdsOnEveryNode } from './cases';

describe('handlers of signals', () => {
  holdsOnEveryNode('posix-handlers.mjs', {
    'each-signal':
      'every signal but SIGKILL, SIGSTOP and SIGSEGV can have one, which has run when raise and kill return',
    'from-the-loop': 'run from the event loop; what one throws is an uncaught exception, and the next one runs',
    'main-thread-alone': 'are the main thread’s, and so is what it blocks; worker threads are refused',
    thousand: 'a thousand signals of alternating kinds: none is lost',
    'real-time': 'real-time signals come in the order in which they were sent, with their values',
    forked:
      'a child has its parent’s handlers, and signals of its own: nothing that came before, nothing from the parent',
    throws: 'what one throws is thrown by the call that was interrupted; the others run later',
  });
  holds('posix-handlers.mjs', {
    actions: 'sigaction and signal return the action that was there before; null changes nothing',
    'keeps-nothing-alive': 'do not keep a program alive',
    siginfo: 'are told who sent the signal, its value, and how a child has ended',
    masks: 'run with their mask and without their own signal, unless SA_NODEFER says otherwise',
    'runs-once': 'SA_RESETHAND: the default action is back when the handler runs',
    'sigchld-flags': 'SA_NOCLDSTOP: none for a child that stops; SA_NOCLDWAIT: no zombies',
    overflow: 'more signals than can wait are counted and told of',
    'both-kinds': 'process.on and they have different signals, and each refuses those of the other',
    'child-process': 'child_process takes SIGCHLD away, and a warning says so',
    fault: 'SIGBUS of a fault ends the process',
    'ctrl-c': 'without one, Ctrl-C ends the process in whatever blocks',
  });
});

describe('signals()', () => {
  holds('posix-handlers.mjs', {
    iterator: 'gives signals as they come, and the actions back that were there before',
  });
});
