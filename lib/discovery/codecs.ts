// The codecs. What is written is of one of them; what is read may be of any, and tells by its members of which.
import { wrongType, wrongValue } from '../mistakes.js';
import { booklet } from './booklet.js';
import { membersOf, type Announced, type Codec } from './codec.js';
import { curator } from './curator.js';
import { InvalidInstanceError } from './errors.js';
import { serverset } from './serverset.js';

/** The codecs by their names. */
export const codecs = { booklet, curator, serverset } as const satisfies Record<string, Codec>;

/** The name of a codec. */
export type CodecName = keyof typeof codecs;

// A ServerSet's first: its members may have more than it needs.
const bySniffing: readonly Codec[] = [serverset, curator, booklet];

/**
 * What a payload tells, whichever codec has written it; undefined: an instance that takes no calls now.
 *
 * @throws {InvalidInstanceError} ERR_INVALID_INSTANCE: it is of none; the message says what is wrong
 */
export function decodeInstance(payload: Uint8Array): Announced | undefined {
  const members = membersOf(payload);
  const codec = bySniffing.find((candidate) => candidate.knows(members));
  if (!codec) throw new InvalidInstanceError('it has none of "host", "address" and "serviceEndpoint"');
  return codec.decode(members);
}

/** The name of a codec. */
export function checkCodec(codec: unknown): CodecName {
  if (typeof codec !== 'string') throw wrongType('options.codec', 'of type string', codec);
  if (Object.hasOwn(codecs, codec)) return codec as CodecName;
  throw wrongValue('options.codec', `must be one of ${Object.keys(codecs).join(', ')}`, codec);
}
