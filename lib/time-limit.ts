// So many steps, of which each counts once, however long it was.
const steps = 8;

/**
 * Calls back when so many milliseconds are over in which this process ran: while it is stopped, or busy, nothing can come that is
 * waited for. It does not keep the process alive.
 *
 * @returns ends it; again is no mistake
 */
export function timeLimit(milliseconds: number, over: () => void): () => void {
  let passed = 0;
  let last: NodeJS.Immediate | undefined;
  const end = (): void => {
    clearInterval(timer);
    clearImmediate(last);
  };
  const timer = setInterval(
    () => {
      if (++passed < steps) return;
      clearInterval(timer);
      // After what has come meanwhile.
      last = setImmediate(over);
    },
    Math.ceil(milliseconds / steps),
  ).unref();
  return end;
}
