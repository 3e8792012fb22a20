import { holds, holdsOnEveryNode } from './cases';

describe('handlers of signals', () => {
  holdsOnEveryNode('posix-handlers.mjs', {
    'each-signal':
      'every signal but SIGKILL, SIGSTOP and SIGSEGV can have one, which has run when raise and kill return',
    'from-the-loop': 'run from the event loop; what one throws is an uncaught exception, and the next one runs',
    throws: 'what one throws is thrown by the call that was interrupted; the others run later',
  });
  holds('posix-handlers.mjs', {
    actions: 'sigaction and signal return the action that was there before; null changes nothing',
    'keeps-nothing-alive': 'do not keep a program alive',
    siginfo: 'are told who sent the signal, its value, and how a child has ended',
    masks: 'run with their mask and without their own signal, unless SA_NODEFER says otherwise',
    'runs-once': 'SA_RESETHAND: the default action is back when the handler runs',
    'taken-away': 'are run for what has come before another action is set, and nothing is lost',
    'sigchld-flags': 'SA_NOCLDSTOP: none for a child that stops; SA_NOCLDWAIT: no zombies',
    fault: 'SIGBUS of a fault ends the process',
    'ctrl-c': 'without one, Ctrl-C ends the process in whatever blocks',
  });
});

describe('signals', () => {
  holdsOnEveryNode('posix-delivery.mjs', {
    'main-thread-alone': 'are the main thread’s, and so is what it blocks; worker threads are refused',
    thousand: 'a thousand of alternating kinds: none is lost',
    'real-time': 'of real time come in the order in which they were sent, with their values',
    forked: 'of a child are its own: nothing that came before, nothing from the parent, whose handlers it has',
  });
  holdsOnEveryNode('posix-delivery.mjs', {
    'at-the-end': 'that come while the program ends do no harm',
  });
  holds('posix-delivery.mjs', {
    overflow: 'that are more than can wait are counted and told of',
    'both-kinds': 'have a handler here or a listener of process.on, and each refuses those of the other',
    'child-process': 'SIGCHLD is taken away by child_process, and a warning says so',
    iterator: 'come one after the other by signals(), which gives the actions back that were there before',
  });
});
