/**
 * Who waits for whom: each child's end, told once.
 *
 * @module truefork/reaper
 */
export { forkChild, type ForkedChild } from './fork-child.js';
export { Reaper, StatusLostError, type ReaperOptions } from './reaper.js';
export { adoptsOrphans, StrangerReaper, type StrangerReaperOptions } from './strangers.js';
