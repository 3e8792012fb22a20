/**
 * Discovery: servers register where they are, clients watch who is there.
 *
 * @packageDocumentation
 */
export { booklet, type Codec } from './codecs.js';
export { connectRegistry } from './connect.js';
export {
  InvalidInstanceError,
  RegistrationFailedError,
  RegistryClosedError,
  RegistryError,
  UnsafeDirectoryError,
  UnsupportedRegistryError,
} from './errors.js';
export type {
  Address,
  Instance,
  InstancesListener,
  Registration,
  Registry,
  RegistryOptions,
  Watch,
} from './registry.js';
