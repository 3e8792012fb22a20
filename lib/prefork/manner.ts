import type { ExitStatus } from '../reaper/index.js';

/** How a process has ended, as the log has it. */
export function manner(status: ExitStatus | undefined): string {
  if (!status) return 'status=lost';
  return status.state === 'exited' ? `code=${status.code}` : `signal=${status.signal}`;
}
