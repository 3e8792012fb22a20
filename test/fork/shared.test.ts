// What parent and child share by POSIX, and what Node does with it by itself in one of the two only.
import { nodes, passes } from '../support/programs';

const sentences = {
  ipc: 'a child of a program that child_process.fork() started takes no message and tells no end',
  stdin: 'the input of a pipe goes to the parent',
  'stdin-file': 'the input of a file goes to the parent',
  stdout: 'what the parent has written and nobody has read yet comes once',
  program: 'a child ends by itself while a program of the parent runs, whose end the parent is told',
  'unix-socket': 'the file of a Unix socket that listens stays when the child closes its copy or ends',
  terminal: 'the end of a child leaves the terminal as it is, unless the child has changed it',
  'blocking-mode': 'the end of a child leaves the pipes of the parent non-blocking',
  'blocking-mode-own': 'the end of a child leaves pipes that only it has used as they were',
};

describe.each(nodes())('on Node.js $major', ({ path: node }) => {
  test.each(Object.entries(sentences))('%s: %s', async (name) => {
    await passes('fork-shared.mjs', { node, args: [name] });
  });
});
