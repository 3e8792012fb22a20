// Makes the output of a lesson comparable with that of another run: what is different each time gets a name.
//
//   pid 4711, session 4711, node(4712)   a process: <pid A>, <pid B>, … in order of appearance, the same one by the same name
//   12.5 s, 3 ms, 13:37:00               a time that was measured: <time>; a whole number of seconds is what the program asks for
//   48.3 MB, 640 KiB                     an amount of memory: <size>; bytes stay, they are what a program reads and writes
//   port 40123, /tmp/…, /dev/pts/3       <port>, <path>, <tty>
//
// A number is a process after one of the words below, in the brackets of a tree as pstree(1) draws it, and in the columns pid,
// ppid, pgid, sid and tpgid of a table with a head, also of console.table. 0 stays: it is nobody's. Trees and tables are drawn
// anew around the names.
import { tmpdir } from 'node:os';

const words = 'pids?|ppids?|pgids?|sids?|tids?|process|processes|child|children|parent|sessions?|groups?';
const list = String.raw`\d+(?:(?:, | and |, and )\d+)*`;
const afterWord = new RegExp(String.raw`\b((?:${words})(?: is)?[ =:]\s?)(${list})\b(?![.:]\d)`, 'gi');
const negative = new RegExp(String.raw`\b((?:${words}) -)(\d{2,})\b`, 'gi');
const pidColumns = /^(?:pid|ppid|pgid|pgrp|sid|sess|session|tpgid|tid)$/i;

// The name of the main thread, which is the process's for ps(1): Node.js 24 and 26 change it.
const mainThread = /\b(?:node-)?MainThread\b/g;

const amounts = [
  [/\b\d{1,2}:\d\d:\d\d(?:\.\d+)?\b/g, '<time>'],
  [
    /\b(?:\d+\.\d+ ?(?:s|seconds?)|\d+(?:\.\d+)? ?(?:ms|milliseconds?|µs|microseconds?|ns|nanoseconds?))(?![\w/])/g,
    '<time>',
  ],
  [/\b\d+(?:\.\d+)? ?(?:[kKMG]B|[KMG]iB)\b/g, '<size>'],
  [/\b(port )\d+\b/g, '$1<port>'],
  [/(?:\/dev\/)?\bpts\/\d+\b/g, '<tty>'],
];

/** Gives each number a name, in the order in which they come. */
function namer() {
  const names = new Map();
  return (number) => {
    if (Number(number) === 0) return number;
    if (!names.has(number)) names.set(number, `<pid ${letters(names.size)}>`);
    return names.get(number);
  };
}

// A to Z, AA, AB, …
function letters(n) {
  return (n >= 26 ? letters(Math.floor(n / 26) - 1) : '') + String.fromCharCode(65 + (n % 26));
}

// Names are wider than pids, and pids are of different widths: the branches of a tree go along with what they hang on.
function rejoined(old, line, above) {
  let out = '';
  let from = 0;
  for (const { index } of old.matchAll(/[├└│]/g)) {
    const to = above.get(index);
    if (to === undefined || old.slice(from, index).trim() !== '') break;
    out = `${out.padEnd(to)}${old[index]}`;
    from = index + 1;
  }
  return out + line(old.slice(from));
}

function junctions(old, masked) {
  const at = (text) => [...text.matchAll(/[┬├└│]/g)].map(({ index }) => index);
  const to = at(masked);
  return new Map(at(old).map((index, n) => [index, to[n]]));
}

// A row of a table, as cells; of console.table those between its lines. The last one, a command, may have spaces.
function cellsOf(line, count = Infinity) {
  const boxed = /^│(.*)│$/.exec(line);
  if (boxed) return boxed[1].split('│').map((cell) => cell.trim());
  const words = line.trim().split(/\s+/);
  return words.length > count ? [...words.slice(0, count - 1), words.slice(count - 1).join(' ')] : words;
}

const isBorder = (line) => /^[┌├└][─┬┼┴]+[┐┤┘]$/.test(line);

// A head of a table has two names of columns at least, and one of them is of a pid.
function isHead(line, cells) {
  if (line.startsWith('│')) return cells.some((cell) => pidColumns.test(cell));
  return (
    cells.length > 1 && cells.every((cell) => /^[A-Z%+]+$/.test(cell)) && cells.some((cell) => pidColumns.test(cell))
  );
}

function isRow(cells, head) {
  return head.every((title, n) => !pidColumns.test(title) || /^\d+$/.test(cells[n] ?? ''));
}

function drawn(rows) {
  const boxed = rows[0].boxed;
  const widths = rows[0].cells.map((_, n) => Math.max(...rows.map(({ cells }) => cells[n]?.length ?? 0)));
  const lines = rows.map(({ cells }) => cells.map((cell, n) => cell.padEnd(widths[n] ?? 0)));
  if (!boxed) return lines.map((cells) => cells.join('  ').trimEnd());
  const border = (left, middle, right) =>
    `${left}─${widths.map((width) => '─'.repeat(width)).join(`─${middle}─`)}─${right}`;
  const [head, ...body] = lines.map((cells) => `│ ${cells.join(' │ ')} │`);
  return [border('┌', '┬', '┐'), head, border('├', '┼', '┤'), ...body, border('└', '┴', '┘')];
}

/**
 * @param {string} text what a lesson has printed
 * @returns {string} the same for each run
 */
export function mask(text) {
  const pid = namer();
  const temporary = new RegExp(String.raw`${tmpdir().replace(/[^\w/]/g, String.raw`\$&`)}/[\w./-]+`, 'g');
  const free = (line) =>
    amounts
      .reduce(
        (masked, [pattern, name]) => masked.replace(pattern, name),
        line.replace(mainThread, 'node').replace(temporary, '<path>'),
      )
      .replace(afterWord, (_, word, numbers) => word + numbers.replace(/\d+/g, pid))
      .replace(negative, (_, word, number) => word + pid(number))
      .replace(/(?<=[\w:.-])\((\d+)\)(?=─| <|$)/gm, (_, number) => `(${pid(number)})`);

  const out = [];
  let table = [];
  let above = new Map();
  const endTable = () => {
    if (table.length > 0) out.push(...drawn(table));
    table = [];
  };
  const lines = text.split('\n');
  for (const [n, line] of lines.entries()) {
    if (line.startsWith('┌')) endTable();
    // Drawn anew with the rows, if they are of processes.
    if (isBorder(line) && (table[0]?.boxed || isHead(lines[n + 1] ?? '', cellsOf(lines[n + 1] ?? '')))) continue;
    const cells = cellsOf(line, table[0]?.cells.length);
    const boxed = line.startsWith('│');
    const head = table[0]?.cells ?? [];
    if (isHead(line, cells)) {
      endTable();
      table.push({ cells, boxed });
    } else if (head.length > 0 && boxed === table[0].boxed && isRow(cells, head)) {
      table.push({ cells: cells.map((cell, n) => (pidColumns.test(head[n] ?? '') ? pid(cell) : free(cell))), boxed });
    } else {
      endTable();
      out.push(rejoined(line, free, above));
      above = junctions(line, out.at(-1));
    }
  }
  endTable();
  return out.join('\n');
}
