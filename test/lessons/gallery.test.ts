// docs/lessons: it says what the lessons say, and opens from a disk.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileOf, root, slugs } from './lessons';
import { html, mistakeIn, xml } from './markup';

const gallery = join(root, 'docs', 'lessons');

function pageOf(name: string): string {
  return readFileSync(join(gallery, name), 'utf8');
}

test('a mistake in markup is seen', () => {
  expect(mistakeIn('<a b="1"><c/>&amp; <!-- < --> text</a>\n')).toBeUndefined();
  for (const wrong of [
    '<a>',
    '<a></b>',
    '</a>',
    'a < b',
    'a & b',
    '<a b=1></a>',
    '<a b="&"/>',
    '<a b="1" b="2"></a>',
  ]) {
    expect(mistakeIn(wrong)).toBeDefined();
  }
  expect(mistakeIn('<p><br></p>')).toBeDefined();
  expect(mistakeIn('<!doctype html><p><br></p>', html)).toBeUndefined();
});

test('the pages say what the lessons say now: otherwise npm run lessons makes them anew', () => {
  const check = [join(root, 'scripts', 'lessons.mjs'), '--check'];
  expect(execFileSync(process.execPath, check, { encoding: 'utf8' })).toBe('');
});

describe.each(['index', ...slugs])('%s.html', (slug) => {
  const page = pageOf(`${slug}.html`);

  test('is well-formed', () => {
    expect(mistakeIn(page, html)).toBeUndefined();
  });

  test('needs no network, and leads to what is there', () => {
    const needed = [...page.matchAll(/<(?:link|script|img)\b[^>]*? (?:href|src)="([^"]*)"/g)].map(
      ([, url = '']) => url,
    );
    expect(needed.filter((url) => url.includes(':') || url.startsWith('//'))).toEqual([]);
    const links = [...page.matchAll(/ (?:href|src)="([^"]*)"/g)].map(([, url = '']) => url);
    const local = links.filter((url) => !/^(https:|#)/.test(url));
    expect(local.filter((url) => !existsSync(join(gallery, url)))).toEqual([]);
  });
});

test('the index leads to each lesson, and each lesson to the one before and the next', () => {
  const stepsOf = (slug: string) =>
    [...pageOf(`${slug}.html`).matchAll(/rel="(prev|next)" href="([^"]+)\.html"/g)].map(([, rel, to]) => [rel, to]);
  const index = pageOf('index.html');
  for (const [n, slug] of slugs.entries()) {
    expect(index).toContain(`href="${slug}.html"`);
    const steps = [
      ['prev', slugs[n - 1]],
      ['next', slugs[n + 1]],
    ].filter(([, to]) => to !== undefined);
    expect(stepsOf(slug)).toEqual(steps);
  }
});

test.each(slugs)('the picture of %s is well-formed, and of the size that it says', (slug) => {
  const picture = readFileSync(fileOf(slug, 'picture.svg'), 'utf8');
  expect(mistakeIn(picture, xml)).toBeUndefined();
  expect(picture).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"[^>]* viewBox="0 0 \d+ \d+"/);
});

test('nothing else is in the gallery', () => {
  const names = [...slugs.map((slug) => `${slug}.html`), 'index.html', 'gallery.css', 'gallery.js'];
  expect(readdirSync(gallery).sort()).toEqual(names.sort());
});
