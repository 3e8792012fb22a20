// docs/names.md, of the model.
const rules = `# Names

Every name that the package gives its users: the functions with the order of their arguments, the classes with their methods
and events, the options, the errors with their codes. This page is made of the declarations by \`npm run names\`; a test says
when it is out of date. What a name means in full, its own documentation says.

## What the names have in common

- **The calls of \`truefork/posix\` are the man pages'**: their names, the order of their arguments, their units: seconds in
  \`sleep\`, \`alarm\`, \`setitimer\`, \`timerfd_settime\` and \`sigtimedwait\`, milliseconds in \`poll\`. What is not a system call is in
  camel case, and so are acronyms: \`forkMany\`, \`toSvg\`, \`createRpcClient\`, \`digestAcl\`.
- **The tools of \`truefork/ipc\` are Python's**, those of \`truefork/zookeeper\` kazoo's, in camel case: \`imapUnordered\`,
  \`ensurePath\`.
- **Times are milliseconds**, sizes are bytes, outside of those calls. A \`timeout\` is how long something may take, as a
  duration, and \`…Timeout\` the same of one part; a \`deadline\` is a moment. \`…Interval\` is the time from one to the next, \`…Delay\` a
  wait, \`…After\` when something is done, \`max…\` the most there may be.
- **A thing comes first, then what is done with it, then what may be left out**: \`kill(pid, signal)\`, \`watch(service, listener)\`,
  \`put(item, options)\`. What may be left out is in an object of options, the last argument.
- **\`…Async\` waits in the event loop** for what the call without it waits for in the process; its option \`signal\`, an
  \`AbortSignal\`, gives up. In \`kill\` and \`stop\`, \`signal\` is a signal; it is SIGTERM, if it is left out.
- **\`close()\` gives back what an object has**: a descriptor, memory, a connection, a watch. **\`stop()\` ends what runs**: a server, a
  program, a recording, a session, that \`start()\` or a function began. Both may be called again, and have \`Symbol.dispose\` or, where
  there is something to wait for, \`Symbol.asyncDispose\`.
- **Events** are what happens to what the object has: \`exit\`, with the pid, when a process has been waited for. \`exited\`, \`ended\` and
  \`stopped\` are promises. Options that are called back begin with \`on\` (\`onWarning\`, \`onStart\`), those that are waited for with \`before\`.
- **Errors** of a system call are a \`PosixError\`, with the errno's name as \`code\`. An error of the package's own has a class, and a
  \`code\` that begins with \`ERR_\`, which no other class has. Wrong arguments are Node.js's own \`TypeError\` and \`RangeError\`.
`;

/** Codes that errors have which are of no class of the package's: Node.js's own codes among them. */
const plain = {
  ERR_INVALID_ARG_TYPE: '`TypeError`: an argument is not of its type; as Node.js has it',
  ERR_INVALID_ARG_VALUE: '`TypeError`: an argument has a value that cannot be; as Node.js has it',
  ERR_OUT_OF_RANGE: '`RangeError`: a number is too small, too large or no integer; as Node.js has it',
  ERR_UNKNOWN_SIGNAL: '`TypeError`: there is no such signal; as Node.js has it',
  ERR_WORKER_UNSUPPORTED_OPERATION:
    '`TypeError`: it is for the main thread, and this is a worker thread; as Node.js has it',
  ERR_NO_PROC: '/proc is of another pid namespace',
  ERR_POOL_OPEN: '`Pool.join` of a pool that has neither been closed nor terminated',
  ERR_SERVER_ALREADY_LISTEN: 'the server that `prefork` was given listens already; as Node.js has it',
};

const escaped = (text) => text.replaceAll('|', '\\|');
const code = (text) => `\`${text}\``;
/** The first sentence, without its full stop. */
const brief = (doc) => (/^(?:`[^`]*`|[^`])*?[.?](?=\s|$)/.exec(doc)?.[0] ?? doc).replace(/\.$/, '');

function table(head, rows) {
  if (rows.length === 0) return '';
  const lines = [head, head.map(() => '---'), ...rows.map((cells) => cells.map(escaped))];
  return `\n${lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n`;
}

const section = (title, text) => (text === '' ? '' : `\n### ${title}\n${text}`);
const of = (names, kind) => names.filter((name) => name.kind === kind);
const callsText = (calls) => calls.map(code).join(', ');
const hasCalls = ({ calls }) => calls !== undefined;

function functions(names) {
  return table(
    ['function', ''],
    of(names, 'function').map(({ calls, doc }) => [callsText(calls), brief(doc)]),
  );
}

function memberRow({ name, calls, type, doc }) {
  return [calls ? callsText(calls) : code(name), brief(doc) || (type === undefined ? '' : code(type))];
}

function classText({ name, call, base, doc, statics, members, events }) {
  const made = call === undefined ? code(name) : code(call);
  const of = base === undefined || base === 'EventEmitter' ? '' : `, a \`${base}\``;
  const rows = [
    ...statics.map((member) => [member.calls.map((each) => code(`${name}.${each}`)).join(', '), brief(member.doc)]),
    ...members.map(memberRow),
  ];
  const happens = events.map((event) => [code(event.name), event.parameters.map(code).join(', '), brief(event.doc)]);
  return `\n**${made}**${of}: ${brief(doc)}\n${table(['member', ''], rows)}${table(['event', 'arguments', ''], happens)}`;
}

function isOptions({ kind, name }) {
  return kind === 'interface' && /(Options|Attributes|Hooks)$/.test(name);
}

function optionsText({ name, doc, members }) {
  const rows = members.map((member) => [
    code(`${member.name}${member.optional ? '?' : ''}`),
    member.calls ? callsText(member.calls) : code(member.type),
    member.doc,
  ]);
  return `\n**${code(name)}**${doc === '' ? '' : `: ${doc}`}\n${table(['option', 'type', ''], rows)}`;
}

function errors(names) {
  const known = ['name', 'code', 'stack', 'message', 'cause'];
  const rows = of(names, 'error').map(({ name, base, codes, codeType, members, doc }) => [
    code(name),
    base === undefined || base === 'Error' ? '' : code(base),
    codes ? codes.map(code).join(', ') : code(codeType ?? ''),
    members
      .filter((member) => !known.includes(member.name))
      .map((member) => code(member.name))
      .join(', '),
    brief(doc),
  ]);
  return table(['class', 'extends', '`code`', 'has', ''], rows);
}

function types(names) {
  const rows = names
    .filter((name) => name.kind === 'type' || (name.kind === 'interface' && !isOptions(name)))
    .map(({ name, doc, members = [] }) => [
      code(name),
      members.map((member) => (hasCalls(member) ? callsText(member.calls) : code(member.name))).join(', '),
      brief(doc),
    ]);
  return table(['type', 'has', ''], rows);
}

function constants(names) {
  const all = of(names, 'constant').map(({ name }) => code(name));
  return all.length === 0 ? '' : `\n${all.join(' ')}\n`;
}

function entryText({ entry, names }) {
  return [
    `\n## \`${entry}\`\n`,
    section('Functions', functions(names)),
    section('Classes', of(names, 'class').map(classText).join('')),
    section('Options', names.filter(isOptions).map(optionsText).join('')),
    section('Errors', errors(names)),
    section('Types', types(names)),
    section('Constants', constants(names)),
  ].join('');
}

/** The face of the package: what it has of its other entry points, and what of its own. */
function rootText({ entry, names }, others) {
  const home = new Map(others.flatMap((other) => other.names.map(({ from }) => [from, other])));
  const rows = others.flatMap((other) => {
    const taken = names.filter(({ from }) => home.get(from) === other);
    if (taken.length === 0) return [];
    const all = taken.length === other.names.length;
    return [[code(other.entry), all ? 'all that it has' : taken.map(({ name }) => code(name)).join(', ')]];
  });
  const own = names.filter(({ from }) => !home.has(from));
  if (own.length > 0) throw new Error(`${entry} alone has ${own.map(({ name }) => name).join(', ')}`);
  return `\n## \`${entry}\`\n${table(['of', 'it has'], rows)}`;
}

function codesText(entries, written) {
  const classes = new Set(entries.flatMap(({ names }) => names.flatMap(({ codes = [] }) => codes)));
  const rest = written.filter((each) => !classes.has(each));
  const unknown = rest.filter((each) => !(each in plain));
  if (unknown.length > 0) throw new Error(`of no class, and not described: ${unknown.join(', ')}`);
  const gone = Object.keys(plain).filter((each) => !rest.includes(each));
  if (gone.length > 0) throw new Error(`described, but nowhere thrown: ${gone.join(', ')}`);
  return `\n## Codes of other errors\n${table(
    ['`code`', ''],
    rest.map((each) => [code(each), plain[each]]),
  )}`;
}

export function pageOf([root, ...others], written) {
  return [rules, rootText(root, others), ...others.map(entryText), codesText(others, written)].join('');
}
