// Writes the reference from the docstrings of lib/, into docs/reference/ or the folder that is named. It fails if they are not
// whole: what is exported has none, a link leads nowhere, a call that has a man page does not say how it fails.
import { spawnSync } from 'node:child_process';
import { basename, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Application, Comment, Converter, ReflectionKind } from 'typedoc';

// As npm runs it.
const root = process.cwd();

// What their man pages say of these: always successful, or no return.
const cannotFail = new Set([
  '_exit',
  'alarm',
  'getegid',
  'geteuid',
  'getgid',
  'getgroups',
  'getpagesize',
  'getpgrp',
  'getpid',
  'getppid',
  'getresgid',
  'getresuid',
  'gettid',
  'getuid',
  'munlockall',
  'sched_yield',
  'sigpending',
  'threadName',
  'times',
  'umask',
]);

// Members that need no words of their own: their name and type say all.
const selfEvident = {
  // `using` calls it; close() or stop() beside it has the words.
  dispose: ({ name }) => ['[dispose]', '[asyncDispose]'].includes(name),
  // Of an error class: the texts that tell it from others are its types.
  error: ({ name, parent }) => ['code', 'name'].includes(name) && parent?.kindOf(ReflectionKind.Class),
  // The addon's own calls have the names of the exported ones, and NativeCalls says how their results differ.
  native: (reflection) => hasAbove(reflection, 'NativeCalls'),
  // Rows of a table: `help` is a text in each.
  table: (reflection) => hasAbove(reflection, 'settingTable') || hasAbove(reflection, 'signalTable'),
};

function hasAbove({ parent }, name) {
  return parent !== undefined && (parent.name === name || hasAbove(parent, name));
}

const fileOf = (reflection) => reflection.sources?.[0]?.fullFileName ?? '';
const isOurs = (reflection) => fileOf(reflection).startsWith(join(root, 'lib'));

function placeOf(reflection) {
  const { fullFileName = '', line = 0 } = reflection.sources?.[0] ?? {};
  return `${relative(root, fullFileName)}:${line}: ${reflection.getFullName()}`;
}

const kinds =
  ReflectionKind.SomeExport | ReflectionKind.Property | ReflectionKind.Accessor | ReflectionKind.SomeSignature;

function isDocumented(reflection) {
  if (reflection.hasComment()) return true;
  const { parent } = reflection;
  // A constructor is told by its class, the second kind of a call by the first.
  if (reflection.kindOf(ReflectionKind.ConstructorSignature)) return parent.parent?.hasComment() ?? false;
  return reflection.isSignature() && (parent.signatures?.some((other) => other.hasComment()) ?? false);
}

// A member of an object that is told where it stands: as an argument, a result, a property, one kind of a union.
function isToldAbove({ parent }) {
  if (!parent || parent.kindOf(ReflectionKind.SomeModule | ReflectionKind.ClassOrInterface)) return false;
  return parent.hasComment() || isToldAbove(parent);
}

const wants = (reflection) =>
  isOurs(reflection) &&
  !reflection.kindOf(ReflectionKind.Reference) &&
  !reflection.inheritedFrom &&
  !isToldAbove(reflection) &&
  !reflection.flags.isPrivate &&
  !reflection.flags.isProtected &&
  // The words are the signatures'.
  !reflection.kindOf(ReflectionKind.Constructor) &&
  !reflection.signatures &&
  !reflection.kindOf(ReflectionKind.Accessor) &&
  // The name of a function type's, or an object type's, only member.
  !(reflection.isSignature() && reflection.name === '__type') &&
  !Object.values(selfEvident).some((is) => is(reflection));

const manPage = /man7\.org\/linux\/man-pages\/man2\//;

function mistakes(project) {
  const found = [];
  for (const reflection of Object.values(project.reflections)) {
    if (!reflection.kindOf(kinds) || !wants(reflection)) continue;
    if (!isDocumented(reflection)) found.push(`${placeOf(reflection)} has no docstring`);
    const tags = reflection.comment?.blockTags ?? [];
    const isCall = tags.some(
      ({ tag, content }) => tag === '@see' && manPage.test(Comment.combineDisplayParts(content)),
    );
    const fails = tags.some(({ tag }) => tag === '@throws');
    if (reflection.isSignature() && isCall && !fails && !cannotFail.has(reflection.name)) {
      found.push(`${placeOf(reflection)} has a man page and no @throws`);
    }
  }
  return [...new Set(found)].sort();
}

// truefork/posix has hundreds of names: they are listed by family, which is their file.
function addFamily(_, reflection) {
  const file = fileOf(reflection);
  const isTold = reflection.isSignature()
    ? reflection.parent.parent?.kindOf(ReflectionKind.SomeModule)
    : reflection.parent?.kindOf(ReflectionKind.SomeModule);
  if (!isTold || !file.startsWith(join(root, 'lib/posix/')) || reflection.kindOf(ReflectionKind.Function)) return;
  const family = { kind: 'text', text: basename(file, '.ts').replaceAll('-', ' ') };
  reflection.comment?.blockTags.push({ tag: '@category', content: [family] });
}

// Where each line of the sources is to be seen: on the web, if this clone comes from there; else here.
function sourceLinks() {
  const { stdout } = spawnSync('git', ['remote', 'get-url', 'origin'], { encoding: 'utf8' });
  if (/^https?:|@/.test(stdout ?? '')) return {};
  const sourceLinkTemplate = `${pathToFileURL(root)}/{path}#L{line}`;
  return { disableGit: true, gitRevision: 'none', displayBasePath: root, sourceLinkTemplate };
}

const [out = 'docs/reference'] = process.argv.slice(2);
const app = await Application.bootstrap({ options: join(root, 'typedoc.json'), out: resolve(out), ...sourceLinks() });
app.converter.on(Converter.EVENT_CREATE_DECLARATION, addFamily);
app.converter.on(Converter.EVENT_CREATE_SIGNATURE, addFamily);
const project = await app.convert();
if (project) {
  app.validate(project);
  for (const mistake of mistakes(project)) app.logger.warn(mistake);
}
const { warningCount, errorCount } = app.logger;
if (!project || warningCount + errorCount > 0) process.exitCode = 1;
else await app.generateOutputs(project);
