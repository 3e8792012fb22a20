// What a master works with, and its forks are born with.
import { close } from '../posix/index.js';
import { Agenda } from './agenda.js';
import { Control, type Handler } from './control.js';
import { NewsPipe, type Message } from './news.js';
import { LINES, Orders } from './orders.js';
import { makePipes, type Pipe } from './pipes.js';

export class Estate {
  readonly agenda = new Agenda();
  readonly orders: Orders;
  readonly news: NewsPipe;
  readonly control: Control;
  /** The end to read from of a pipe that only the master can write to, and never does: its end is the master's end. */
  readonly lifeline: number;
  readonly #lifelineWrite: number;

  /**
   * @param hear is told what the forks tell
   * @param asked does what somebody asks for by the control socket, once that is open
   * @throws {PosixError} there are no descriptors for its pipes: it has none then
   */
  constructor(hear: (message: Message) => void, asked: Handler) {
    const [lifeline, news, ...lines] = makePipes(2 + LINES.length) as [Pipe, Pipe, ...Pipe[]];
    this.lifeline = lifeline.read;
    this.#lifelineWrite = lifeline.write;
    this.news = new NewsPipe(news, hear);
    this.orders = new Orders(lines);
    this.control = new Control(asked);
  }

  /** In a descendant: lets go of what is the master's alone. */
  leave(): void {
    this.control.leave();
    this.#closeOwn();
  }

  /** In the master, at the end. */
  close(): void {
    this.control.close();
    this.#closeOwn();
    this.closeCommon();
  }

  #closeOwn(): void {
    // Others may have ended at the same moment, and their respawns wait in the phase of the event loop that forked.
    this.agenda.clear();
    this.news.leave();
    this.orders.leave();
    close(this.#lifelineWrite);
  }

  /** After `leave`: what the descendants have too. */
  closeCommon(): void {
    this.news.close();
    this.orders.close();
    close(this.lifeline);
  }
}
