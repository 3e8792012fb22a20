// Markdown for a terminal: paragraphs and lists are wrapped, links show where they lead, all else stays as it is written.

// Characters that take two columns: those of East Asia.
const WIDE = String.raw`[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303f\uff01-\uff60]`;
const wide = new RegExp(WIDE, 'u');
const wideAtEnd = new RegExp(`${WIDE}$`, 'u');
const wideAtStart = new RegExp(`^${WIDE}`, 'u');
// What a line may be broken between: words, and wide characters, but none of them begins with a comma or a full stop.
const atoms = new RegExp(String.raw`\s+|${WIDE}[，。；：！？、）”」]*|(?:(?!${WIDE})\S)+[，。；：！？、）”」]*`, 'gu');

/** How many columns of a terminal a text takes. */
export function columnsOf(text: string): number {
  return Array.from(text).reduce((width, character) => width + (wide.test(character) ? 2 : 1), 0);
}

/** A text in lines. @param width columns, at most, unless a word is longer */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const atom of text.match(atoms) ?? []) {
    if (columnsOf(line + atom.trimEnd()) > width && line !== '') {
      lines.push(line.trimEnd());
      line = '';
    }
    if (line !== '' || atom.trim() !== '') line += atom;
  }
  return line === '' ? lines : [...lines, line.trimEnd()];
}

// A line's end is a space, but not in Chinese.
function joined(lines: readonly string[]): string {
  return lines.reduce((text, line) => {
    const next = line.trim();
    return text === '' || wideAtEnd.test(text) || wideAtStart.test(next) ? text + next : `${text} ${next}`;
  }, '');
}

function withoutLinks(text: string): string {
  return text.replace(/\[([^\]]+)\]\(([^)]+)\)/g, '$1 $2').replaceAll('**', '');
}

/** One piece of Markdown: lines that belong together. */
function blocksOf(markdown: string): string[][] {
  const blocks: string[][] = [[]];
  let fenced = false;
  for (const line of markdown.split('\n')) {
    const fence = line.trimStart().startsWith('```');
    const item = /^(?:[-*]|\d+\.) /.test(line);
    if (!fenced && (line.trim() === '' || item || fence)) blocks.push([]);
    if (fence) fenced = !fenced;
    blocks.at(-1)?.push(line);
  }
  return blocks.filter((block) => block.some((line) => line !== ''));
}

/** The lines of a Markdown text for a terminal of this many columns. */
export function prose(markdown: string, width: number): string[] {
  const lines: string[] = [];
  let wasItem = false;
  for (const block of blocksOf(markdown)) {
    const [first = ''] = block;
    const bullet = /^(?:[-*]|\d+\.) /.exec(first)?.[0] ?? '';
    const isItem = bullet !== '';
    if (lines.length > 0 && !(wasItem && isItem)) lines.push('');
    wasItem = isItem;
    if (/^\s*```/.test(first)) {
      lines.push(...block.filter((line) => !line.trimStart().startsWith('```')).map((line) => `    ${line}`));
    } else if (first.startsWith('|')) {
      lines.push(...block);
    } else {
      const text = withoutLinks(joined([first.slice(bullet.length), ...block.slice(1)]));
      const indent = ' '.repeat(bullet.length);
      lines.push(...wrapped(text, width - bullet.length).map((line, n) => `${n === 0 ? bullet : indent}${line}`));
    }
  }
  return lines;
}
