// The code blocks of a page of Markdown.
import { readFileSync } from 'node:fs';

export interface CodeBlock {
  /** `js`, `sh`, …; empty if none is told. */
  language: string;
  text: string;
  /** The line of the page that its text begins at, from 1. */
  line: number;
}

/** The fenced blocks of a page, in order. */
export function codeBlocks(path: string): CodeBlock[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  const blocks: CodeBlock[] = [];
  for (let at = 0; at < lines.length; at++) {
    const [, indent, fence, language] = /^( *)(```+)(\S*)/.exec(lines[at] ?? '') ?? [];
    if (indent === undefined || fence === undefined) continue;
    const from = at + 1;
    do at++;
    while (at < lines.length && lines[at] !== indent + fence);
    if (at === lines.length) throw new Error(`${path}:${from}: the block does not end`);
    const text = lines
      .slice(from, at)
      .map((line) => `${line.slice(indent.length)}\n`)
      .join('');
    blocks.push({ language: language ?? '', text, line: from + 1 });
  }
  return blocks;
}
