// Two processes that share no memory can share a file: one writes it, the other reads what is there, and adds to it.
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fork, getpid, pstree, waitpid } from 'truefork';

const folder = mkdtempSync(join(tmpdir(), 'lesson-'));
const story = join(folder, 'story.txt');

writeFileSync(story, 'parent: Once upon a time there was a mountain,\n');
console.log(`parent: pid ${getpid()} has begun a story`);

const pid = fork();

if (pid === 0) {
  console.log(`child:  ${pstree(process.ppid)}`);
  console.log(`child:  pid ${getpid()} reads: ${readFileSync(story, 'utf8').trim()}`);
  appendFileSync(story, 'child:  and on the mountain there was a temple.\n');
  process.exit();
}

const { status } = waitpid(pid, 0); // Only then the child has surely written. A file cannot say that there is something new.
console.log(`parent: child ${pid} has ended, status ${status}; the story is now`);
process.stdout.write(readFileSync(story, 'utf8'));
rmSync(folder, { recursive: true });
