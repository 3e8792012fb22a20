import type { Stat as LibraryStat } from './library.js';

/**
 * What ZooKeeper knows of a node.
 *
 * @see https://zookeeper.apache.org/doc/r3.8.0/zookeeperProgrammers.html#sc_zkStatStructure
 */
export interface Stat {
  /** The change that made the node. */
  readonly czxid: bigint;
  /** The change that last set its value. */
  readonly mzxid: bigint;
  /** The change that last made or deleted a child. */
  readonly pzxid: bigint;
  /** When the node was made, by the server's clock, in milliseconds since 1970. */
  readonly ctime: number;
  /** When its value was last set, likewise. */
  readonly mtime: number;
  /** How often its value was set. */
  readonly version: number;
  /** How often children were made or deleted. */
  readonly cversion: number;
  /** How often its ACL was set. */
  readonly aversion: number;
  /** The session that an ephemeral node belongs to; 0 for others. */
  readonly ephemeralOwner: bigint;
  /** The length of its value, in bytes. */
  readonly dataLength: number;
  /** How many children it has. */
  readonly numChildren: number;
}

/** What the library, which has eight bytes in place of an integer of 64 bits, says of a node. */
export function fromLibrary(stat: LibraryStat): Stat {
  return {
    czxid: stat.czxid.readBigInt64BE(),
    mzxid: stat.mzxid.readBigInt64BE(),
    pzxid: stat.pzxid.readBigInt64BE(),
    ctime: Number(stat.ctime.readBigInt64BE()),
    mtime: Number(stat.mtime.readBigInt64BE()),
    version: stat.version,
    cversion: stat.cversion,
    aversion: stat.aversion,
    ephemeralOwner: stat.ephemeralOwner.readBigInt64BE(),
    dataLength: stat.dataLength,
    numChildren: stat.numChildren,
  };
}
