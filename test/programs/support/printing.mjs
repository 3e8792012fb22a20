// What programs print that a child becomes, or that are spawned.
import { close, decodeWaitStatus, dup3, O_CLOEXEC, pipe2, read, waitpid } from 'truefork';
import { child } from '../posix-cases.mjs';

/** All that comes through a pipe. */
export function readAll(fd) {
  const chunks = [];
  const chunk = new Uint8Array(65_536);
  for (let length = read(fd, chunk); length > 0; length = read(fd, chunk)) {
    chunks.push(Buffer.from(chunk.subarray(0, length)));
  }
  return Buffer.concat(chunks).toString();
}

/** What is printed by the program that `start` starts: it gets the descriptor to print to, and gives the pid. */
export function printedBy(start) {
  const [reader, writer] = pipe2(O_CLOEXEC);
  const pid = start(writer);
  close(writer);
  const text = readAll(reader);
  close(reader);
  return { text, status: decodeWaitStatus(waitpid(pid, 0).status) };
}

/** What is printed by the program that a child of this process becomes. */
export function printedAs(become) {
  return printedBy((writer) =>
    child(() => {
      dup3(writer, 1, 0);
      become();
    }),
  );
}

/** The strings of /proc/PID/environ, or cmdline. */
export const strings = (text) => text.split('\0').slice(0, -1);

/** The line of a /proc/PID/status that begins so. */
export const lineOf = (text, name) => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(text)?.[1];
