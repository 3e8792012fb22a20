// The service of gRPC. Its messages are JSON, as those of the others: a schema would have to be compiled, and is not what is
// measured.
const serialize = (value) => Buffer.from(JSON.stringify(value));
const deserialize = (bytes) => JSON.parse(bytes.toString());

export const service = {
  ping: {
    path: '/bench.Rpc/ping',
    requestStream: false,
    responseStream: false,
    requestSerialize: serialize,
    requestDeserialize: deserialize,
    responseSerialize: serialize,
    responseDeserialize: deserialize,
  },
};
