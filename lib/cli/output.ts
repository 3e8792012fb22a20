// What a command writes: its result to stdout, all else to stderr. Who reads may go away first, as `truefork ps | head -1` does.

// eslint-disable-next-line no-control-regex
const control = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029]/g;

/** As it can be shown, in lines: what others have sent may have anything in it, and a terminal obeys it. */
export function shown(text: string): string {
  return text.replaceAll(control, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** The same in one line. */
export function shownInLine(text: string): string {
  return shown(text).replaceAll('\n', '\\u000a').replaceAll('\t', '\\u0009');
}

function onOutputError(error: NodeJS.ErrnoException): void {
  // SIGPIPE, which Node.js ignores, would have ended any other program without a word.
  if (error.code === 'EPIPE') return;
  tell(`truefork: standard output cannot be written: ${error.message}\n`);
  process.once('exit', () => {
    if (Number(process.exitCode ?? 0) === 0) process.exitCode = 1;
  });
}

// Nobody is left who could be told.
function onComplaintError(): void {
  return;
}

function write(stream: NodeJS.WriteStream, text: string, onError: (error: NodeJS.ErrnoException) => void): void {
  if (!stream.listeners('error').includes(onError)) stream.on('error', onError);
  stream.write(text);
}

/** Writes a result, or a part of it. */
export function say(text: string): void {
  write(process.stdout, text, onOutputError);
}

/** Writes what is no result: a log, a mistake. The command goes on where nobody reads it. */
export function tell(text: string): void {
  write(process.stderr, text, onComplaintError);
}
