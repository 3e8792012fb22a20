// Tests that cannot pass in a forked child, because POSIX does not have it so; each with its explanation.
export const exceptions = new Map([]);
