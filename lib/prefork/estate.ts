// What a master works with, and its forks are born with.
import { close, O_CLOEXEC, pipe2 } from '../posix/index.js';
import { Agenda } from './agenda.js';
import { Control, type Handler } from './control.js';
import { NewsPipe, type Message } from './news.js';
import { Orders } from './orders.js';

export class Estate {
  readonly agenda = new Agenda();
  readonly orders = new Orders();
  readonly news: NewsPipe;
  readonly control: Control;
  /** The end to read from of a pipe that only the master can write to, and never does: its end is the master's end. */
  readonly lifeline: number;
  readonly #lifelineWrite: number;

  /**
   * @param hear is told what the forks tell
   * @param asked does what somebody asks for by the control socket, once that is open
   */
  constructor(hear: (message: Message) => void, asked: Handler) {
    this.news = new NewsPipe(hear);
    this.control = new Control(asked);
    [this.lifeline, this.#lifelineWrite] = pipe2(O_CLOEXEC);
  }

  /** In a descendant: lets go of what is the master's alone. */
  leave(): void {
    // Others may have ended at the same moment, and their respawns wait in the phase of the event loop that forked.
    this.agenda.clear();
    this.control.close();
    this.news.leave();
    this.orders.leave();
    close(this.#lifelineWrite);
  }

  /** In the master, at the end. */
  close(): void {
    this.leave();
    this.closeCommon();
  }

  /** After `leave`: what the descendants have too. */
  closeCommon(): void {
    this.news.close();
    this.orders.close();
    close(this.lifeline);
  }
}
