export { Reaper, StatusLostError, type ExitStatus, type ReaperOptions } from './reaper.js';
