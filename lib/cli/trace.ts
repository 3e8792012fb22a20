import process from 'node:process';
import { kill, setrlimit, RLIMIT_CORE, SI_USER, signal, SIG_DFL, type Signal } from '../posix/index.js';
import { toHtml, toPerfetto, toSvg, toText, TraceError, traceProgram, type Timeline } from '../trace/index.js';
import { integerOption, textOption, type Call, type Command } from './command.js';
import { complaintOf } from './exit-codes.js';
import { OutputFile } from './output-file.js';
import { tell } from './output.js';
import { widthOf } from './terminal.js';

/** What is drawn, by the option that names the file. */
const drawings: Readonly<Record<string, (timeline: Timeline) => string>> = {
  svg: (timeline) => toSvg(timeline),
  html: (timeline) => toHtml(timeline),
  text: (timeline) => toText(timeline),
  perfetto: toPerfetto,
  json: (timeline) => `${JSON.stringify(timeline)}\n`,
};

/** Those that are meant for the program. What a terminal sends it has got itself; what somebody sends to us is passed on. */
const passedOn = ['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const;

function passOn(pid: () => number | undefined): void {
  for (const name of passedOn) {
    signal(name, (_name, number, { code }) => {
      const program = pid();
      if (program === undefined || code !== SI_USER) return;
      try {
        kill(program, number);
      } catch {
        // It has ended this moment.
      }
    });
  }
}

// As the program has ended: who looks at us sees the same. What it has left of a core dump is enough.
function endBy(name: Signal): never {
  setrlimit(RLIMIT_CORE, { cur: 0, max: 0 });
  // SIGSEGV is V8's, which lets it end the process as it does by default.
  if (name !== 'SIGKILL' && name !== 'SIGSEGV') signal(name, SIG_DFL);
  kill(process.pid, name);
  throw new Error('unreachable: the signal ends the process');
}

interface Drawing {
  readonly draw: (timeline: Timeline) => string;
  readonly file: OutputFile;
}

function opened(call: Call): Drawing[] {
  return Object.entries(drawings).flatMap(([name, draw]) => {
    const path = textOption(call, name);
    return path === undefined ? [] : [{ draw, file: new OutputFile(path) }];
  });
}

function show(timeline: Timeline, wanted: readonly Drawing[]): void {
  for (const { draw, file } of wanted) file.write(draw(timeline));
  // The program's own output may be for another program.
  if (wanted.length === 0) {
    const width = widthOf(process.stderr, 100);
    tell(toText(timeline, { width: Math.min(Math.max(width, 40), 1000) }));
  } else if (timeline.dropped > 0) {
    tell(`truefork: ${timeline.dropped} events dropped: there was no room for more (--capacity)\n`);
  }
}

// As a shell says it.
function unstartable({ cause }: TraceError): number {
  return (cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT' ? 127 : 126;
}

async function run(call: Call): Promise<number> {
  const capacity = integerOption(call, 'capacity', 16, 2 ** 24);
  const wanted = opened(call);
  let program: number | undefined;
  passOn(() => program);
  try {
    const {
      timeline,
      exitCode,
      signal: endedBy,
    } = await traceProgram(call.operands, {
      ...(capacity !== undefined && { capacity }),
      onStart(pid) {
        program = pid;
      },
    });
    program = undefined;
    show(timeline, wanted);
    return endedBy === null ? (exitCode ?? 0) : endBy(endedBy);
  } catch (error) {
    if (!(error instanceof TraceError)) throw error;
    tell(complaintOf(error));
    return unstartable(error);
  }
}

export const trace: Command = {
  name: 'trace',
  summary: 'Run COMMAND and draw what its processes do. Options of its own come after --. It ends as COMMAND does.',
  operands: ['COMMAND', '[ARGUMENT…]'],
  options: {
    svg: { type: 'string', value: 'FILE', help: 'A drawing.' },
    html: { type: 'string', value: 'FILE', help: 'A page with the drawing and all events, which opens from disk.' },
    text: { type: 'string', value: 'FILE', help: 'Text. Without any of these, it goes to standard error.' },
    perfetto: { type: 'string', value: 'FILE', help: 'For https://ui.perfetto.dev and chrome://tracing.' },
    json: { type: 'string', value: 'FILE', help: 'The timeline as data.' },
    capacity: { type: 'string', value: 'N', help: 'How many events there is room for. Default 65,536.' },
  },
  run,
};
