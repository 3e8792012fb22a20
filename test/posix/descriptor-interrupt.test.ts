import { holds, holdsOnEveryNode } from './cases';

const calls = ['write', 'writev', 'readv', 'open', 'flock', 'lockf', 'fcntl', 'poll', 'eventfd_read', 'recvmsg'];

describe('a signal', () => {
  const cases = (end: string, sentence: string, of = calls) =>
    Object.fromEntries(of.map((call) => [`${call}-${end}`, `${sentence} ${call}`]));

  holds('posix-descriptor-interrupt.mjs', {
    ...cases('interrupted', 'whose handler does not restart calls ends with InterruptedError'),
    ...cases(
      'restarted',
      'whose handler restarts calls does not end',
      calls.filter((call) => call !== 'poll'),
    ),
    'poll-not-restarted': 'ends poll also if its handler restarts calls',
  });

  holdsOnEveryNode('posix-descriptor-interrupt.mjs', {
    'pipe-under-signals': 'every millisecond takes nothing from a Pipe',
    'fifo-under-signals': 'does not keep a Fifo from being opened',
  });
});
