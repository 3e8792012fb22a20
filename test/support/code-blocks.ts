// The code blocks of a Markdown file.
import { readFileSync } from 'node:fs';

export interface CodeBlock {
  /** What stands behind the fence: `js`, `sh`; empty if nothing does. */
  readonly language: string;
  /** Its lines, each ended by a newline. */
  readonly text: string;
  /** The line of the file that is its first, from 1. */
  readonly line: number;
}

/** @throws {Error} a block has no end */
export function codeBlocks(path: string): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  let open: { indent: string; fence: string; language: string; line: number; text: string } | undefined;
  for (const [index, line] of readFileSync(path, 'utf8').split('\n').entries()) {
    if (!open) {
      const [, indent, fence, language = ''] = /^( *)(`{3,}|~{3,}) *([^\s`]*)/.exec(line) ?? [];
      if (indent !== undefined && fence !== undefined) open = { indent, fence, language, line: index + 2, text: '' };
    } else if (line.trim().startsWith(open.fence) && line.replaceAll(open.fence.charAt(0), '').trim() === '') {
      blocks.push({ language: open.language, text: open.text, line: open.line });
      open = undefined;
    } else {
      // In a list, the block is indented as its fence is.
      open.text += `${line.startsWith(open.indent) ? line.slice(open.indent.length) : line.trimStart()}\n`;
    }
  }
  if (open) throw new Error(`${path}:${open.line}: the block has no end`);
  return blocks;
}
