// Loaded by each Node.js that a traced program executes, before anything of the program: records on what the environment names.
// Whatever goes wrong is no concern of the program, which runs as if it were not traced.
import process from 'node:process';
import { isMainThread } from 'node:worker_threads';
import { tapeVariable } from './environment.js';
import { startRecorder, tellStart } from './recorder.js';
import { Tape } from './tape.js';

const path = process.env[tapeVariable];
if (isMainThread && path !== undefined) {
  try {
    const tape = Tape.open(path);
    startRecorder(tape);
    tellStart(tape);
  } catch {
    // Another user's, or the trace is over: what is there to be seen from outside is in the timeline.
  }
}
