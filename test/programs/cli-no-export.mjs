// Exports nothing by default.
export const listener = () => undefined;
