import { readFileSync } from 'node:fs';
import { toHtml } from '../trace/index.js';
import { textOption, UsageError, type Call, type Command } from './command.js';
import { plainly, run as runProgram, runSlowly, traced, type Start } from './lesson-program.js';
import {
  chapters,
  headingOf,
  languages,
  lessonText,
  programOf,
  readmeOf,
  type Chapter,
  type Language,
  type LessonText,
} from './lessons.js';
import { nearest } from './nearest.js';
import { OutputFile } from './output-file.js';
import { say } from './output.js';
import { columnsOf, prose } from './prose.js';
import { lookOf, painted, widthOf } from './terminal.js';

const words = {
  en: {
    program: 'The program: ',
    runs: 'It runs',
    next: 'Next: ',
    picture: 'The picture: ',
    more: 'Why, man pages, and what to try next: ',
  },
  zh: { program: '程序：', runs: '运行', next: '下一课：', picture: '图：', more: '为什么、手册页、接着试：' },
} as const;

/** The width of a page: of the terminal, but no line is longer than is good to read. */
function pageWidth(): number {
  return Math.min(widthOf(process.stdout, 80), 100);
}

function bold(text: string): string {
  return painted(text, 'bold', lookOf(process.stdout, 80));
}

function languageOf(call: Call): Language {
  const asked = textOption(call, 'lang');
  const { LC_ALL, LC_MESSAGES, LANG } = process.env;
  // As setlocale(3) looks for it; an empty one is none.
  const language = (asked ?? [LC_ALL, LC_MESSAGES, LANG].find(Boolean))?.startsWith('zh') ? 'zh' : 'en';
  if (asked !== undefined && asked !== language) {
    throw new UsageError(`--lang takes ${languages.join(' or ')}, not '${asked}'`);
  }
  return language;
}

// By the whole of its name, or by one of its words: the short ones are near to everything.
function isNear(name: string, slug: string): boolean {
  return nearest(name, [slug, ...slug.split('-').filter((word) => word.length > 3)]) !== undefined;
}

/** @throws {UsageError} no lesson has this name, or several could be meant */
function slugOf(name: string, slugs: readonly string[]): string {
  if (slugs.includes(name)) return name;
  const holding = slugs.filter((slug) => slug.includes(name));
  const [only] = holding;
  if (holding.length === 1 && only !== undefined) return only;
  const near = holding.length > 0 ? holding : slugs.filter((slug) => isNear(name, slug));
  const hint = near.length > 0 ? `: did you mean ${near.join(', ')}?` : '';
  throw new UsageError(`there is no lesson '${name}'${hint}`);
}

function titleOf({ title, zh }: Chapter, language: Language): string {
  return language === 'zh' ? zh : title;
}

function list(language: Language): string {
  const all = chapters();
  const width = Math.max(...all.flatMap(({ lessons }) => lessons.map(columnsOf)));
  return all
    .map((chapter) => {
      const lines = chapter.lessons.map((slug) => `  ${slug.padEnd(width)}  ${lessonText(slug, language).title}\n`);
      return `${bold(titleOf(chapter, language))}\n${lines.join('')}`;
    })
    .join('\n');
}

function headed(title: string, lines: readonly string[]): string {
  return `\n${bold(title)}\n\n${lines.map((line) => (line === '' ? '\n' : `  ${line}\n`)).join('')}`;
}

function beginning(slug: string, text: LessonText, language: Language): string {
  const width = pageWidth() - 2;
  const point = prose(text.point, width).map((line) => (line === '' ? '\n' : `  ${line}\n`));
  const source = readFileSync(programOf(slug), 'utf8').trimEnd().split('\n');
  const { program, runs } = words[language];
  return [
    `${bold(text.title)}\n\n${point.join('')}`,
    headed(program + programOf(slug), source),
    `\n${bold(runs)}\n\n`,
  ].join('');
}

function ending(slug: string, text: LessonText, language: Language, picture: string | undefined): string {
  const slugs = chapters().flatMap(({ lessons }) => lessons);
  const following = slugs[slugs.indexOf(slug) + 1];
  const { more, next } = words[language];
  return [
    headed(headingOf('see', language), prose(text.sections.see, pageWidth() - 2)),
    picture === undefined ? '' : `\n${bold(words[language].picture)}${picture}\n`,
    `\n${bold(more)}${readmeOf(slug, language)}\n`,
    following === undefined ? '' : `${bold(next)}truefork learn ${following}\n`,
  ].join('');
}

/** @throws {Failure} the file cannot be written */
async function runTraced(path: string, title: string, run: (start: Start) => Promise<number>): Promise<number> {
  using file = new OutputFile(path);
  return await run(
    traced((timeline) => {
      file.write(toHtml(timeline, { title }));
    }),
  );
}

async function run(call: Call): Promise<number> {
  const language = languageOf(call);
  const [name] = call.operands;
  if (name === undefined) {
    say(list(language));
    return 0;
  }
  const slug = slugOf(
    name,
    chapters().flatMap(({ lessons }) => lessons),
  );
  const text = lessonText(slug, language);
  const file = textOption(call, 'trace');
  say(beginning(slug, text, language));
  const argv = [process.execPath, programOf(slug)];
  const runner = (start: Start) => (call.options['slow'] === true ? runSlowly : runProgram)(argv, start);
  const code = await (file === undefined ? runner(plainly) : runTraced(file, text.title, runner));
  say(ending(slug, text, language, file));
  return code;
}

export const learn: Command = {
  name: 'learn',
  summary: 'List the lessons on processes, or show and run one.',
  operands: ['[LESSON]'],
  options: {
    trace: { type: 'string', value: 'FILE', help: 'Also draw what its processes do, as a page of HTML.' },
    slow: { type: 'boolean', help: 'Show its output at reading pace, with who has said it and when.' },
    lang: { type: 'string', value: 'LANG', help: 'en or zh. Default: by the locale.' },
  },
  run,
};
