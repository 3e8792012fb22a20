/**
 * Discovery: servers register where they are, clients watch who is there.
 *
 * @module truefork/discovery
 */
export { checkService } from './arguments.js';
export type { Announced, Codec, Registrant } from './codec.js';
export { codecs, decodeInstance, type CodecName } from './codecs.js';
export { checkRegistryUrl, connectRegistry } from './connect.js';
export {
  InvalidInstanceError,
  RegistrationFailedError,
  RegistryClosedError,
  RegistryError,
  RegistryUnavailableError,
  UnsafeDirectoryError,
  UnsupportedRegistryError,
} from './errors.js';
export type {
  Address,
  Instance,
  InstancesListener,
  RegisterOptions,
  Registration,
  Registry,
  RegistryOptions,
  Watch,
  ZooKeeperOptions,
} from './registry.js';
