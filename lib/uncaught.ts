/** Calls what another has given. What it throws is an uncaught error of its own, and the caller goes on. */
export function uncaught(call: () => void): void {
  try {
    call();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
