// Transactions, as the session carries them out.
import { answerError, type ZooKeeperError } from './errors.js';
import type { Transaction } from './library.js';
import { checkSize, modeOf, sizeOf, sizeOfCreate, type CreateArguments, type Request } from './requests.js';
import { fromLibrary, type Stat } from './stat.js';

/** An operation of a transaction. */
export type Step =
  | ({ readonly type: 'create' } & CreateArguments)
  | { readonly type: 'delete'; readonly path: string; readonly version: number }
  | { readonly type: 'set'; readonly path: string; readonly value: Buffer; readonly version: number }
  | { readonly type: 'check'; readonly path: string; readonly version: number };

/** What came of an operation of a transaction: the path of a `create`, the node's state of a `set`, or an error. */
export type StepResult = string | Stat | undefined | ZooKeeperError;

const stepHeader = 9;

function sizeOfStep(step: Step): number {
  if (step.type === 'create') return stepHeader + sizeOfCreate(step);
  return stepHeader + sizeOf(step.path) + (step.type === 'set' ? sizeOf(step.value) : 0) + 4;
}

function addStep(transaction: Transaction, step: Step): void {
  if (step.type === 'create') {
    transaction.create(step.path, step.value, step.acl, modeOf(step));
    return;
  }
  if (step.type === 'set') transaction.setData(step.path, step.value);
  else if (step.type === 'delete') transaction.remove(step.path);
  else transaction.check(step.path);
  // Not as an argument: the library takes version 0 for none.
  const added = transaction.ops.at(-1);
  if (added) added.version = step.version;
}

interface Answer {
  readonly payload: {
    readonly results: readonly { path?: string; stat?: Parameters<typeof fromLibrary>[0]; err?: number }[];
  } | null;
}

/** @returns what came of each: all have been carried out, or none. The errors are among the results */
export function commit(steps: readonly Step[]): Request<StepResult[]> {
  const what = 'transaction';
  checkSize(
    what,
    steps.reduce((sum, step) => sum + sizeOfStep(step), stepHeader),
  );
  return {
    what,
    isRead: false,
    issue(client, _watches, done) {
      const transaction = client.transaction();
      for (const step of steps) addStep(transaction, step);
      // The library throws at a code that it does not know, so the results are taken before it looks.
      transaction.connectionManager = {
        queue(request) {
          client.connectionManager.queue(request, (failure, answer) => {
            if (failure) {
              done(answerError(failure.getCode(), what));
              return;
            }
            const results = (answer as Answer).payload?.results ?? [];
            done(
              undefined,
              results.map(({ path, stat, err }, index) => {
                const step = steps[index];
                if (err !== undefined) return answerError(err, `${what}: ${step?.type ?? '?'}`, step?.path);
                return path ?? (stat && fromLibrary(stat));
              }),
            );
          });
        },
      };
      transaction.commit(() => undefined);
    },
  };
}
