/** What is done about a server that is silent. */
export interface SilenceActions {
  /** Asks whether it is there. */
  readonly ask: () => void;
  /** It has not answered: its machine is gone, or its process hangs. */
  readonly giveUp: () => void;
}

/** Looks from time to time whether a server has said anything. It does not keep the process alive. */
export class Silence {
  readonly #timer: NodeJS.Timeout;
  readonly #actions: SilenceActions;
  #silent = false;
  #asked = false;
  #stopped = false;

  /** @param interval how long it may be silent until it is asked, and then to answer, in milliseconds */
  constructor(interval: number, actions: SilenceActions) {
    this.#actions = actions;
    this.#timer = setInterval(() => {
      // After what has come meanwhile: it may be this process that did not listen.
      setImmediate(() => {
        if (!this.#stopped) this.#look();
      });
    }, interval).unref();
  }

  /** The server has said something. */
  broken(): void {
    this.#silent = false;
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
  }

  #look(): void {
    if (!this.#silent) {
      this.#silent = true;
      this.#asked = false;
    } else if (this.#asked) {
      this.#actions.giveUp();
    } else {
      this.#asked = true;
      this.#actions.ask();
    }
  }
}
