import { holdOnEveryNode } from './cases';

holdOnEveryNode('ipc-queue.mjs', {
  between: 'items go from process to process, in order',
  kinds: 'an item comes as what it was: a structured clone',
  shapes: 'values of all shapes and sizes come as structured clones of them',
  getters: 'a getter of an item is called once, and may itself put and get one',
  limits: 'a queue has as many items as it may have, and says when it is full and when it is empty',
  large: 'an item that is longer than the queue is refused, and so are sizes that cannot be',
  ring: 'whatever their lengths, items come whole and in order',
  blocks: 'who puts waits for room, and who gets for an item',
  interrupted: 'the handler of a signal may put what its process waits for',
  'handler-meanwhile': 'what waits for its turn is as it was, whatever the handler of a signal puts meanwhile',
  'in-the-loop': 'an event loop goes on while it waits for items and for room',
  'given-up': 'a wait in the event loop ends by time and by signal, and takes nothing',
  'many-loops': 'of many event loops that wait, each item goes to one',
  'in-order': 'those who wait in one event loop get items in the order of waiting',
  'keeps-nobody': 'a wait that is over keeps no event loop alive',
  'waiter-died': 'one who was killed while it waited takes nothing with it',
  exhausted: 'one that cannot have all its descriptors keeps none',
  closed: 'a queue that is closed says so, and those who wait are told',
});
