// What is to be done around a fork, as `atfork` of truefork/posix registers it. Apart from the addon: what has something that no
// child may have need not load that.

/** Of one shape, whichever there are. */
export interface Hooks {
  readonly before: (() => void) | undefined;
  readonly parent: (() => void) | undefined;
  readonly child: ((index: number) => void) | undefined;
}

let registered: readonly Hooks[] = [];

/** @returns a function that takes them back */
export function register(hooks: Hooks): () => void {
  registered = [...registered, hooks];
  return () => {
    registered = registered.filter((other) => other !== hooks);
  };
}

/** Those that are registered now, in order. */
export function registeredHooks(): readonly Hooks[] {
  return registered;
}
