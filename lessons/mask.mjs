// Makes the output of a lesson comparable with that of another run: what is different each time gets a name.
//
//   pid 4711, session 4711, node(4712)   a process: <pid A>, <pid B>, … in order of appearance, the same one by the same name
//   12.5 s, 3 ms, 13:37:00               a time that was measured: <time>; a whole number of seconds is what the program asks for
//   48.3 MB, 640 KiB                     an amount of memory: <size>; bytes stay, they are what a program reads and writes
//   port 40123, /tmp/…, /dev/pts/3       <port>, <path>, <tty>
//
// A number is a process after one of the words below, in the brackets of a tree as pstree(1) draws it, and in the columns PID,
// PPID, PGID, SID and TPGID of a table with a head. 0 stays: it is nobody's.
import { tmpdir } from 'node:os';

const words = 'pids?|ppids?|pgids?|sids?|tids?|process|processes|child|children|parent|sessions?|groups?';
const list = String.raw`\d+(?:(?:, | and |, and )\d+)*`;
const afterWord = new RegExp(String.raw`\b((?:${words})(?: is)?[ =:]\s?)(${list})\b(?![.:]\d)`, 'gi');
const negative = new RegExp(String.raw`\b((?:${words}) -)(\d{2,})\b`, 'gi');
const columns = new Set(['PID', 'PPID', 'PGID', 'PGRP', 'SID', 'SESS', 'TPGID']);

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

/**
 * @param {string} text what a lesson has printed
 * @returns {string} the same for each run
 */
export function mask(text) {
  const pid = namer();
  const temporary = new RegExp(String.raw`${tmpdir()}/[\w./-]+`, 'g');
  const free = (line) =>
    amounts
      .reduce((masked, [pattern, name]) => masked.replace(pattern, name), line.replace(temporary, '<path>'))
      .replace(afterWord, (_, word, numbers) => word + numbers.replace(/\d+/g, pid))
      .replace(negative, (_, word, number) => word + pid(number))
      .replace(/(?<=[\w:.-])\((\d+)\)(?=─| <|$)/gm, (_, number) => `(${pid(number)})`);

  let head = [];
  let above = new Map();
  return text
    .replaceAll(mainThread, 'node')
    .split('\n')
    .map((line) => {
      const cells = line.trim().split(/\s+/);
      if (cells.filter((cell) => columns.has(cell)).length > 0 && cells.length > 1) {
        head = cells;
        return cells.join('  ');
      }
      const numbers = cells.filter((cell, column) => columns.has(head[column]) && /^\d+$/.test(cell));
      if (numbers.length > 0 && numbers.length === head.filter((title) => columns.has(title)).length) {
        return cells.map((cell, column) => (columns.has(head[column]) ? pid(cell) : free(cell))).join('  ');
      }
      head = [];
      const masked = rejoined(line, free, above);
      above = junctions(line, masked);
      return masked;
    })
    .join('\n');
}
