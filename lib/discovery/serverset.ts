import { addressIn, objectIn, type Codec } from './codec.js';

// The longest id that is taken from a payload; ours have 36 characters.
const longestId = 100;

/**
 * The JSON of a member of a ServerSet, as Finagle and Aurora write it and Prometheus (`serverset_sd_configs`) reads it. A
 * member takes calls if its status is ALIVE; "additionalEndpoints" and "shard" are ignored. The member "id" is ours, and of
 * no meaning to others.
 *
 * @see https://prometheus.io/docs/prometheus/latest/configuration/configuration/#serverset_sd_config
 */
export const serverset: Codec = {
  name: 'serverset',

  encode({ id, host, port }) {
    return Buffer.from(
      JSON.stringify({ serviceEndpoint: { host, port }, additionalEndpoints: {}, status: 'ALIVE', id }),
    );
  },

  knows: (members) => 'serviceEndpoint' in members,

  decode(members) {
    const address = addressIn(objectIn(members['serviceEndpoint'], 'its "serviceEndpoint"'), 'host');
    if (members['status'] !== 'ALIVE') return undefined;
    const { id } = members;
    return typeof id === 'string' && id !== '' && id.length <= longestId ? { ...address, id } : address;
  },
};
