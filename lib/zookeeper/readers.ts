// What the watches of a client read: the children of a node, or its value.
import type { NodeReader } from './node-watch.js';
import { getChildren, getData, type Request } from './requests.js';
import type { Stat } from './stat.js';

type Perform = <T>(request: Request<T>) => Promise<T>;

/** Is told a list, undefined if there is no such node. */
export type ChildrenListener = (children: readonly string[] | undefined, stat?: Stat) => void;

/** Is told a value, undefined if there is no such node. */
export type DataListener = (value: Buffer | undefined, stat?: Stat) => void;

/** The names of the children. */
export function childrenReader(perform: Perform, path: string, listener: ChildrenListener): NodeReader {
  return {
    read: async (watcher) => {
      const { children, stat } = await perform(getChildren(path, watcher));
      // Not the change of a value, which the count of children made and deleted does not show. And the names, since all is
      // counted anew when the data of the servers were wiped.
      return {
        version: [stat.czxid, stat.cversion, ...children.toSorted()].join('/'),
        tell: () => {
          listener(children, stat);
        },
      };
    },
    missing: () => {
      listener(undefined);
    },
  };
}

/** The value. */
export function dataReader(perform: Perform, path: string, listener: DataListener): NodeReader {
  return {
    read: async (watcher) => {
      const { value, stat } = await perform(getData(path, watcher));
      return {
        // With the time, for the same reason.
        version: `${stat.mzxid} ${stat.mtime}`,
        tell: () => {
          listener(value, stat);
        },
      };
    },
    missing: () => {
      listener(undefined);
    },
  };
}
