import { addressIn, type Codec } from './codec.js';

/**
 * The JSON that the servers of the juejin RPC booklet register: `{"host": "localhost", "port": 45675}`. Other members
 * are ignored.
 *
 * @see https://github.com/pyloque/juejin_rpc_py
 */
export const booklet: Codec = {
  name: 'booklet',

  encode({ host, port }) {
    return Buffer.from(`{"host": ${JSON.stringify(host)}, "port": ${port}}`);
  },

  knows: (members) => 'host' in members,

  decode: (members) => addressIn(members, 'host'),
};
