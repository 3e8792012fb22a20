// The lessons as the tests see them.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const root = join(__dirname, '..', '..');
export const folder = join(root, 'lessons');

interface Chapter {
  title: string;
  zh: string;
  lessons: string[];
}

export const contents = JSON.parse(readFileSync(join(folder, 'contents.json'), 'utf8')) as Chapter[];

/** The lessons in their order. */
export const slugs = contents.flatMap(({ lessons }) => lessons);

export function fileOf(slug: string, name: string): string {
  return join(folder, slug, name);
}

export function textOf(slug: string, name: string): string {
  return readFileSync(fileOf(slug, name), 'utf8');
}

/** Every program of a lesson. */
export function programsOf(slug: string): string[] {
  return readdirSync(join(folder, slug)).filter((name) => /\.[cm]?js$/.test(name));
}
