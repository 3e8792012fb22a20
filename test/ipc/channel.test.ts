import { holdOnEveryNode } from './cases';

holdOnEveryNode('ipc-channel.mjs', {
  'both-ways': 'messages go both ways, and come as what they were',
  order: 'messages come in order, and after the last one the end',
  iteration: 'an iteration ends when the other end is closed',
  'a-successor': 'a process that has an end after another does not wait for what that one has received',
  'the-end': 'who sends or receives on an end whose other is closed, or which is closed itself, is told',
  'closed-meanwhile': 'who waits is told when a signal’s handler closes its end',
  killed: 'of one who was killed, all whole messages come, and then the end',
  'room-blocking': 'who sends waits while the other does not receive',
  'room-time': 'who waits too long for room is told, and the stream stays whole',
  'room-interrupted': 'what a handler throws or sends in the midst of a message leaves the message whole',
  'room-in-the-loop': 'the event loop sends as the other receives',
  'given-up': 'a wait ends by time and by signal, and takes nothing',
  unread: 'what was sent before the other end was closed still comes',
  limits: 'a message that is too long, or cannot be cloned, is refused',
  damaged: 'what is no message is told to be damaged',
  noise: 'whatever the other end writes is a message or is damaged',
  'lets-the-loop-end': 'an end that is unref’ed lets the event loop end',
  forked: 'what a parent waits for is not its child’s',
});
