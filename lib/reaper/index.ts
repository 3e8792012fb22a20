export { forkChild, type ForkedChild } from './fork-child.js';
export { Reaper, StatusLostError, type ReaperOptions } from './reaper.js';
export { adoptsOrphans, StrangerReaper, type StrangerReaperOptions } from './strangers.js';
