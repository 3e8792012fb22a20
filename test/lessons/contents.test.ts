// The lessons are complete: each is in the contents, says all that a lesson has to say, and uses what everybody may use.
import { readdirSync } from 'node:fs';
import { contents, folder, programsOf, slugs, textOf } from './lessons';

const headings = {
  'README.md': ['What to see', 'Why', 'Man pages', 'Try next', 'The original'],
  'README.zh.md': ['看什么', '为什么', '手册页', '接着试', '原作'],
};

test('each folder is a lesson of the contents, each lesson has its folder, and none is twice', () => {
  const folders = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
  expect([...slugs].sort()).toEqual(folders.sort());
  expect(new Set(slugs).size).toBe(slugs.length);
});

test('each chapter has a title in both languages, and lessons', () => {
  for (const { title, zh, lessons } of contents) {
    expect(title).toMatch(/^[A-Z]/);
    expect(zh).toMatch(/\p{Script=Han}/u);
    expect(lessons).not.toEqual([]);
  }
});

describe.each(slugs)('%s', (slug) => {
  test.each(Object.entries(headings))('%s has a title, a point, and every section', (name, expected) => {
    const [title = '', , point = ''] = textOf(slug, name).split('\n');
    expect(title).toMatch(/^# \S/);
    expect(point).toMatch(/^[^#\s]/);
    const sections = textOf(slug, name)
      .split(/^## /m)
      .slice(1)
      .map((section) => [section.split('\n', 1)[0], section.split('\n').slice(1).join('').trim() !== '']);
    expect(sections).toEqual(expected.map((heading) => [heading, true]));
  });

  test.each(Object.keys(headings))('%s links to man pages as they are called', (name) => {
    const links = [...textOf(slug, name).matchAll(/\[([^\]]+)\]\((https:\/\/[^)]+)\)/g)];
    const pages = links.filter(([, , url = '']) => url.includes('man7.org'));
    expect(pages.length).toBeGreaterThan(0);
    for (const [, text = '', url] of pages) {
      const [, page, section] = /^`?([\w.+-]+)\((\d)\)`?$/.exec(text) ?? [];
      expect(url).toBe(`https://man7.org/linux/man-pages/man${section}/${page}.${section}.html`);
    }
  });

  // A program beside the lesson's own may need what its reader installs.
  const mayInstall = ['redis'];

  test('imports what everybody may import', () => {
    for (const program of programsOf(slug)) {
      const imported = [...textOf(slug, program).matchAll(/(?:from |import |import\(|require\()'([^']+)'/g)];
      for (const [, name = ''] of imported) {
        if (program !== 'program.mjs' && mayInstall.includes(name)) continue;
        expect(name).toMatch(/^(truefork(\/\w+)?|node:[\w/]+|\.\.?\/[\w-]+\.mjs)$/);
      }
    }
  });
});
