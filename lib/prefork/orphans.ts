// What the master is left with: processes whose parents have ended, those that a worker has started and not outlived for example,
// when it is process 1 of a container, or a subreaper; and workers that have ended, as their mold has, before either has told of them.
import { manner } from '../log-fields.js';
import { StrangerReaper } from '../reaper/index.js';
import type { Note } from './log.js';

/**
 * Waits for them, so that none stays a zombie.
 *
 * @param expecting whether a mold may have forked a worker that it has not told of: that is no orphan
 * @returns who waits; undefined if it cannot know them, which is logged
 */
export function reapOrphans(note: Note, expecting: () => boolean): StrangerReaper | undefined {
  try {
    const reaper = new StrangerReaper({ expecting });
    reaper.on('exit', (pid, status) => {
      note('orphan exit', { pid }, manner(status));
    });
    return reaper;
  } catch (error) {
    note('no orphans', {}, { reason: (error as Error).message });
    return undefined;
  }
}
