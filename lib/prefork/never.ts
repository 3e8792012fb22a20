/** What a fork's copy of the caller waits for: what the caller waits for comes to pass in the process that began it. */
export const never = new Promise<never>(() => undefined);
