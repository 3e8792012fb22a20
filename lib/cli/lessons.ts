// The lessons that come with the package: the table of their contents, and what each says of itself.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const languages = ['en', 'zh'] as const;
export type Language = (typeof languages)[number];

/** Of a README, in this order. */
export const sectionNames = ['see', 'why', 'man', 'next', 'original'] as const;
export type SectionName = (typeof sectionNames)[number];

const headings: Readonly<Record<Language, readonly string[]>> = {
  en: ['What to see', 'Why', 'Man pages', 'Try next', 'The original'],
  zh: ['看什么', '为什么', '手册页', '接着试', '原作'],
};

export interface Chapter {
  readonly title: string;
  readonly zh: string;
  /** The slugs of its lessons, which are the names of their folders. */
  readonly lessons: readonly string[];
}

/** What the README of a lesson says, in Markdown. */
export interface LessonText {
  readonly title: string;
  /** The paragraph that says the point. */
  readonly point: string;
  readonly sections: Readonly<Record<SectionName, string>>;
}

/** Where the lessons are: in the package, beside the compiled command. */
export const lessonsFolder = join(__dirname, '..', '..', 'lessons');

/** All chapters, in the order in which they are to be read. */
export function chapters(): Chapter[] {
  return JSON.parse(readFileSync(join(lessonsFolder, 'contents.json'), 'utf8')) as Chapter[];
}

/** The program of a lesson. */
export function programOf(slug: string): string {
  return join(lessonsFolder, slug, 'program.mjs');
}

/** The README of a lesson. */
export function readmeOf(slug: string, language: Language): string {
  return join(lessonsFolder, slug, language === 'en' ? 'README.md' : `README.${language}.md`);
}

/** @throws {Error} it has not the headings that every lesson has */
export function lessonText(slug: string, language: Language): LessonText {
  const path = readmeOf(slug, language);
  const lines = readFileSync(path, 'utf8').split('\n');
  const starts = headings[language].map((heading) => lines.indexOf(`## ${heading}`));
  const [first = -1] = starts;
  if (!lines[0]?.startsWith('# ') || starts.some((start, n) => start < Math.max(1, starts[n - 1] ?? 1))) {
    throw new Error(`${path} must have a title, and then ${headings[language].join(', ')}`);
  }
  const between = (from: number, to: number | undefined) => lines.slice(from, to).join('\n').trim();
  const sections = sectionNames.map((name, n) => [name, between((starts[n] ?? 0) + 1, starts[n + 1])] as const);
  return {
    title: lines[0].slice(2),
    point: between(1, first),
    sections: Object.fromEntries(sections) as Record<SectionName, string>,
  };
}

/** The heading of a section. */
export function headingOf(section: SectionName, language: Language): string {
  return headings[language][sectionNames.indexOf(section)] ?? section;
}
