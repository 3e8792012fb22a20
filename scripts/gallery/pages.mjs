// The pages of the gallery: HTML from what the lessons have. Both languages are in each page, and the switch chooses which is shown.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import hljs from 'highlight.js/lib/core';
import bash from 'highlight.js/lib/languages/bash';
import javascript from 'highlight.js/lib/languages/javascript';
import { Marked } from 'marked';
import { chapters, headingOf, languages, lessonsFolder, lessonText, sectionNames } from '../../dist/cli/lessons.js';

hljs.registerLanguage('js', javascript);
hljs.registerLanguage('sh', bash);

const words = {
  title: { en: 'Processes, lesson by lesson', zh: '进程，一课一课地学' },
  intro: {
    en: 'Each lesson is a short program, what it prints, and a picture of what its processes do. They come with the package: `npx truefork learn` lists them, `npx truefork learn LESSON` shows and runs one.',
    zh: '每一课都有一个简短的程序、它的输出，以及一幅画出各个进程在做什么的图。课程随软件包一起安装：`npx truefork learn` 列出所有课程，`npx truefork learn 课名` 显示并运行其中一课。',
  },
  contents: { en: 'All lessons', zh: '全部课程' },
  program: { en: 'The program', zh: '程序' },
  output: { en: 'What it prints', zh: '输出' },
  masked: {
    en: 'Pids, times and sizes are different each time: here they have names.',
    zh: 'pid、时间和大小每次都不一样，这里用名字代替。',
  },
  picture: { en: 'What its processes do', zh: '各个进程在做什么' },
  pictureOf: {
    en: 'A lane for each process of the lesson, from its fork to its end',
    zh: '这一课的每个进程一条泳道，从 fork 到结束',
  },
  larger: { en: 'The picture alone', zh: '单独看图' },
  previous: { en: 'Before', zh: '上一课' },
  next: { en: 'Next', zh: '下一课' },
};

function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

function highlighted(code, language) {
  return hljs.getLanguage(language) ? hljs.highlight(code, { language }).value : escaped(code);
}

const markdown = new Marked({
  renderer: {
    code: ({ text, lang }) => `<pre><code>${highlighted(text, lang ?? '')}</code></pre>\n`,
  },
});

// In Markdown a line's end is a space; between Chinese characters there is none.
const wideBreak = /([\p{Script=Han}\u3000-\u303f\uff01-\uff60])\n(?=[\p{Script=Han}\u3000-\u303f\uff01-\uff60`*[])/gu;

function html(text, language) {
  return markdown.parse(language === 'zh' ? text.replace(wideBreak, '$1') : text);
}

/** An element for each language. */
function both(tag, textOf, attributes = '') {
  return languages.map((language) => `<${tag} lang="${language}"${attributes}>${textOf(language)}</${tag}>`).join('');
}

// Each name of a process has its colour, so that the eye finds the same one again.
const COLOURS = 6;

function colourful(output) {
  return escaped(output).replace(
    /&lt;pid ([A-Z]+)&gt;/g,
    (_, name) => `<b class="p${(name.charCodeAt(name.length - 1) - 65) % COLOURS}">&lt;pid ${name}&gt;</b>`,
  );
}

function page(title, body) {
  return `<!doctype html>
<html lang="en" data-language="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escaped(title)}</title>
<link rel="stylesheet" href="gallery.css">
<script src="gallery.js"></script>
</head>
<body>
<header>
<a href="index.html">truefork · ${both('span', (language) => words.contents[language])}</a>
<nav aria-label="Language"><a href="#en" data-set="en" hreflang="en">English</a><a href="#zh" data-set="zh" hreflang="zh" lang="zh-Hans">中文</a></nav>
</header>
<main>
${body}
</main>
</body>
</html>
`;
}

function titleOf(slug, language) {
  return html(lessonText(slug, language).title, language).replace(/^<p>|<\/p>\s*$/g, '');
}

function chapterTitle({ title, zh }, language) {
  return escaped(language === 'zh' ? zh : title);
}

// The first sentence of the point.
function gist(slug, language) {
  const { point } = lessonText(slug, language);
  const [first] =
    language === 'zh' ? point.split(/(?<=[。！？])/) : point.replaceAll('\n', ' ').split(/(?<=[.!?]) (?=[A-Z`])/);
  return html(first, language).replace(/^<p>|<\/p>\s*$/g, '');
}

/** The programs of a lesson, the one that is run first. */
function programsOf(slug) {
  const names = readdirSync(join(lessonsFolder, slug)).filter((name) => /\.[cm]?js$/.test(name));
  return names.sort((a, b) => (b === 'program.mjs') - (a === 'program.mjs') || (a < b ? -1 : 1));
}

function lessonPage(slug, chapter, previous, next) {
  const read = (name) => readFileSync(join(lessonsFolder, slug, name), 'utf8').trimEnd();
  const section = (name) =>
    `<section>${both('h2', (language) => headingOf(name, language))}${both('div', (language) => html(lessonText(slug, language).sections[name], language))}</section>`;
  const programs = programsOf(slug).map(
    (name) =>
      `<figure><figcaption>${name}</figcaption><pre><code>${highlighted(read(name), 'js')}</code></pre></figure>`,
  );
  const link = (to, word, rel) =>
    to === undefined
      ? ''
      : `<a rel="${rel}" href="${to}.html"><small>${both('span', (language) => word[language])}</small> ${both('span', (language) => titleOf(to, language))}</a>`;
  const picture = `../../lessons/${slug}/picture.svg`;
  return page(
    `${lessonText(slug, 'en').title} · truefork`,
    `<p class="chapter">${both('span', (language) => chapterTitle(chapter, language))}</p>
${both('h1', (language) => titleOf(slug, language))}
${both('div', (language) => html(lessonText(slug, language).point, language), ' class="point"')}
<section>${both('h2', (language) => words.program[language])}
${programs.join('\n')}
<p class="run"><code>npx truefork learn ${slug}</code></p></section>
<section>${both('h2', (language) => words.output[language])}
<pre class="output"><samp>${colourful(read('expected.txt'))}</samp></pre>
${both('p', (language) => words.masked[language], ' class="note"')}</section>
<section>${both('h2', (language) => words.picture[language])}
<a class="picture" href="${picture}"><img src="${picture}" alt="${escaped(words.pictureOf.en)}"></a>
${both('p', (language) => `${words.pictureOf[language]}. <a href="${picture}">${words.larger[language]}</a>`.replace('到结束. ', '到结束。'), ' class="note"')}</section>
${sectionNames.map(section).join('\n')}
<nav class="steps">${link(previous, words.previous, 'prev')}${link(next, words.next, 'next')}</nav>`,
  );
}

function indexPage() {
  const list = (chapter) => `<section><h2>${both('span', (language) => chapterTitle(chapter, language))}</h2>
<ol>${chapter.lessons
    .map(
      (slug) =>
        `<li><a href="${slug}.html">${both('span', (language) => titleOf(slug, language))}</a>${both('p', (language) => gist(slug, language))}</li>`,
    )
    .join('\n')}</ol></section>`;
  return page(
    `${words.title.en} · truefork`,
    `${both('h1', (language) => words.title[language])}
${both('div', (language) => html(words.intro[language], language), ' class="point"')}
<div class="chapters">${chapters().map(list).join('\n')}</div>`,
  );
}

/** The pages by the names of their files. */
export function pages() {
  const lessons = chapters().flatMap((chapter) => chapter.lessons.map((slug) => ({ slug, chapter })));
  const made = lessons.map(({ slug, chapter }, n) => [
    `${slug}.html`,
    lessonPage(slug, chapter, lessons[n - 1]?.slug, lessons[n + 1]?.slug),
  ]);
  return new Map([['index.html', indexPage()], ...made]);
}
