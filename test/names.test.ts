// The public names: docs/names.md has each of them, and they keep to what it says that they have in common.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Member {
  readonly name: string;
  readonly doc: string;
  readonly calls?: readonly string[];
  readonly type?: string;
  readonly optional?: boolean;
  readonly isNumber?: boolean;
}

interface Name {
  readonly name: string;
  readonly kind: 'function' | 'class' | 'error' | 'interface' | 'type' | 'constant';
  readonly doc: string;
  /** Where it is declared. */
  readonly from: string;
  readonly base?: string;
  readonly isDisposable?: boolean;
  readonly calls?: readonly string[];
  readonly members?: readonly Member[];
  readonly codes?: readonly string[];
}

interface Model {
  readonly entries: readonly { readonly entry: string; readonly names: readonly Name[] }[];
  /** The codes that the code names. */
  readonly codes: readonly string[];
}

const root = join(__dirname, '..');
const made = (flag: string) =>
  execFileSync(process.execPath, [join(root, 'scripts', 'names.mjs'), flag], {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });

const { entries } = JSON.parse(made('--json')) as Model;
const all = entries.flatMap(({ names }) => names);
const once = [...new Map(all.map((name) => [name.from, name])).values()];
const ofKind = (...kinds: Name['kind'][]) => once.filter(({ kind }) => kinds.includes(kind));
const named = (names: readonly Name[]) => names.map(({ name }) => name);
const options = ofKind('interface').filter(({ name }) => /(Options|Attributes|Hooks)$/.test(name));

/** Each option, as `RegisterOptions.id`. */
function optionsThat(test: (option: Member, all: Name) => boolean): string[] {
  return options.flatMap((each) =>
    (each.members ?? []).filter((option) => test(option, each)).map((option) => `${each.name}.${option.name}`),
  );
}

test('docs/names.md is what the declarations say: npm run names', () => {
  expect(readFileSync(join(root, 'docs', 'names.md'), 'utf8').split('\n')).toEqual(made('--print').split('\n'));
});

test('the names are found: of each entry point, and of each kind', () => {
  expect(entries).toHaveLength(10);
  for (const { names } of entries) expect(names.length).toBeGreaterThan(0);
  expect(ofKind('function').length).toBeGreaterThan(250);
  expect(ofKind('error').length).toBeGreaterThan(60);
  expect(options.length).toBeGreaterThan(25);
});

test('a name that two entry points have is one thing', () => {
  const places = new Map<string, Set<string>>();
  for (const { name, from } of all) places.set(name, (places.get(name) ?? new Set()).add(from));
  expect([...places].filter(([, from]) => from.size > 1).map(([name]) => name)).toEqual([]);
});

test('what can be closed or stopped can be used by `using`', () => {
  const ends = (call: string) => /^(close|stop)\((\w+\?)?\)$/.test(call);
  const owners = ofKind('class', 'interface').filter(({ members = [] }) =>
    members.some(({ calls }) => calls?.some(ends)),
  );
  expect(owners.length).toBeGreaterThan(20);
  expect(named(owners.filter((name) => !name.isDisposable))).toEqual([]);
});

test('each error has a code, and a code is that of one class and of those that extend it', () => {
  const errors = ofKind('error');
  expect(named(errors.filter(({ members = [] }) => !members.some(({ name }) => name === 'code')))).toEqual([]);
  const classes = new Map<string, Name[]>();
  for (const error of errors) {
    const own = error.codes?.filter((code) => code.startsWith('ERR_')) ?? [];
    for (const code of own) classes.set(code, [...(classes.get(code) ?? []), error]);
  }
  const strangers = [...classes].filter(([, [first, ...others]]) =>
    others.some((other) => other.base !== first?.name && first?.base !== other.name),
  );
  expect(strangers.map(([code]) => code)).toEqual([]);
});

test('each code of a class begins with ERR_, and of a class with one code it is the name of the class', () => {
  const snake = (name: string) =>
    name
      .replace(/Error$/, '')
      .replace(/(?<=[a-z])(?=[A-Z])/g, '_')
      .toUpperCase();
  const single = ofKind('error').filter(({ codes }) => codes?.length === 1 && codes[0]?.startsWith('ERR_'));
  expect(single.length).toBeGreaterThan(30);
  const others = single.filter(
    ({ name, codes: [code = ''] = [] }) => !code.replace('ZOOKEEPER', '').endsWith(snake(name)),
  );
  // The code is ZooKeeper's, in which nobody would look for a transaction.
  expect(named(others)).toEqual(['RolledBackError']);
});

test('an option that may be left out says what it is then; but not who is called back, or may give up', () => {
  const isNobody = ({ type = '' }: Member) => /=>|^AbortSignal$|^Check$|^WatchListener$/.test(type);
  const untold = (option: Member) => option.optional === true && !/\bDefault\b/.test(option.doc);
  expect(optionsThat((option) => untold(option) && !isNobody(option))).toEqual([]);
});

test('an option that is a time says its unit, or what has it does', () => {
  const isTime = /([Tt]imeout|[Ii]nterval|[Dd]elay|Lifetime|healthyAfter|pause)$/;
  const times = ({ name, isNumber }: Member) => isNumber === true && isTime.test(name);
  expect(optionsThat(times).length).toBeGreaterThan(15);
  expect(optionsThat((option, of) => times(option) && !/milliseconds/i.test(option.doc + of.doc))).toEqual([]);
});

test('acronyms are words in the names that are no man page’s', () => {
  const own = all.filter(({ from, kind }) => kind !== 'constant' && !from.startsWith('posix/'));
  expect(named(own).filter((name) => /[A-Z]{2}/.test(name) && name !== 'RLock')).toEqual([]);
});

test('no argument has a name that is not meant for its reader', () => {
  const calls = all.flatMap(({ calls = [], members = [] }) => [
    ...calls,
    ...members.flatMap((member) => member.calls ?? []),
  ]);
  expect(calls.length).toBeGreaterThan(400);
  expect(calls.filter((call) => /_[,?)]/.test(call))).toEqual([]);
});
