import { INT_MAX, integer } from './arguments.js';
import { getpid } from './process.js';
import { ps, type ProcessEntry } from './ps.js';

/** A process and its descendants. As a string it is drawn as pstree(1) does. */
export class ProcessTree {
  /** The process itself. */
  readonly process: ProcessEntry;
  /** By pid, in ascending order. */
  readonly children: readonly ProcessTree[];

  /** Only `pstree` makes one. */
  constructor(process: ProcessEntry, children: readonly ProcessTree[]) {
    this.process = process;
    this.children = children;
  }

  /**
   * Each process with its command and its pid, a zombie marked as by ps(1), and one that is stopped:
   *
   *     node(4711)─┬─node(4712)───sleep(4714)
   *                └─node(4713) <defunct>
   */
  toString(): string {
    return lines(this).join('\n');
  }
}

const marks: Readonly<Record<string, string>> = { Z: ' <defunct>', T: ' <stopped>' };

function label({ command, pid, state }: ProcessEntry): string {
  // It may be anything but a null byte: nothing that a terminal would act on.
  return `${command.replace(/\p{Cc}/gu, '?')}(${pid})${marks[state] ?? ''}`;
}

function lines({ process, children }: ProcessTree): string[] {
  const name = label(process);
  if (children.length === 0) return [name];
  const indent = ' '.repeat(name.length);
  const last = children.length - 1;
  return children.flatMap((child, index) => {
    const branch = last === 0 ? '───' : index === 0 ? '─┬─' : index < last ? ' ├─' : ' └─';
    const trunk = index < last ? ' │ ' : '   ';
    return lines(child).map((line, n) => {
      const first = index === 0 && n === 0;
      return `${first ? name : indent}${n === 0 ? branch : trunk}${line}`;
    });
  });
}

/**
 * The family of a process: itself, its children, and theirs.
 *
 * @param pid its root; absent: this process
 * @returns undefined: there is no such process
 * @throws {TypeError | RangeError} no pid
 * @throws {Error} ENOENT: there is no /proc
 * @see https://man7.org/linux/man-pages/man1/pstree.1.html
 *
 * @example
 * console.log(String(pstree()));
 */
export function pstree(pid?: number): ProcessTree | undefined {
  const root = pid === undefined ? getpid() : integer('pid', pid, 1, INT_MAX);
  const childrenOf = new Map<number, ProcessEntry[]>();
  let found: ProcessEntry | undefined;
  for (const entry of ps()) {
    if (entry.pid === root) found = entry;
    const siblings = childrenOf.get(entry.ppid);
    if (siblings) siblings.push(entry);
    else childrenOf.set(entry.ppid, [entry]);
  }
  // The entries are not all of one moment: a pid may have been given anew meanwhile, and a child be older than its parent.
  const treeOf = (entry: ProcessEntry): ProcessTree => {
    const children = (childrenOf.get(entry.pid) ?? []).filter(({ startTime }) => startTime >= entry.startTime);
    return new ProcessTree(entry, children.map(treeOf));
  };
  return found && treeOf(found);
}
