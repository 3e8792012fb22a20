import { addressIn, type Codec } from './codec.js';

/**
 * The JSON of Apache Curator's service discovery (`ServiceInstance`, by its JsonInstanceSerializer). There is no payload of
 * the user's: a Java class would have to read it. One with `"enabled": false` takes no calls; "uriSpec" and "sslPort" are
 * ignored.
 *
 * @see https://curator.apache.org/docs/service-discovery
 */
export const curator: Codec = {
  name: 'curator',

  encode({ service, id, host, port, since }) {
    return Buffer.from(
      JSON.stringify({
        name: service,
        id,
        address: host,
        port,
        sslPort: null,
        payload: null,
        registrationTimeUTC: since,
        serviceType: 'DYNAMIC',
        uriSpec: null,
      }),
    );
  },

  knows: (members) => 'address' in members,

  decode(members) {
    const address = addressIn(members, 'address');
    return members['enabled'] === false ? undefined : address;
  },
};
