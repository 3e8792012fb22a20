/**
 * What discovery throws and rejects with. `code` is for programs, `message` for people.
 *
 * | class | `code` |
 * |---|---|
 * | `UnsupportedRegistryError` | `ERR_UNSUPPORTED_REGISTRY` |
 * | `RegistryClosedError` | `ERR_REGISTRY_CLOSED` |
 * | `UnsafeDirectoryError` | `ERR_UNSAFE_DIRECTORY` |
 * | `RegistrationFailedError` | `ERR_REGISTRATION_FAILED` |
 * | `InvalidInstanceError` | `ERR_INVALID_INSTANCE` |
 * | `RegistryUnavailableError` | `ERR_REGISTRY_UNAVAILABLE` |
 */
export class RegistryError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** There is no registry of this kind. */
export class UnsupportedRegistryError extends RegistryError {
  declare readonly code: 'ERR_UNSUPPORTED_REGISTRY';

  constructor(message: string) {
    super('ERR_UNSUPPORTED_REGISTRY', message);
  }
}

/** The registry, or the registration, has ended. */
export class RegistryClosedError extends RegistryError {
  declare readonly code: 'ERR_REGISTRY_CLOSED';

  constructor(message: string) {
    super('ERR_REGISTRY_CLOSED', message);
  }
}

/** Somebody else owns the directory, or may write to it. */
export class UnsafeDirectoryError extends RegistryError {
  declare readonly code: 'ERR_UNSAFE_DIRECTORY';

  constructor(message: string) {
    super('ERR_UNSAFE_DIRECTORY', message);
  }
}

/** A file could not be put in place, since each time somebody deleted it, or its directory, before it was there. */
export class RegistrationFailedError extends RegistryError {
  declare readonly code: 'ERR_REGISTRATION_FAILED';

  constructor(message: string) {
    super('ERR_REGISTRATION_FAILED', message);
  }
}

/** What was found in a registry is not an instance: it is somebody else's, or its payload is not the codec's. */
export class InvalidInstanceError extends RegistryError {
  declare readonly code: 'ERR_INVALID_INSTANCE';

  constructor(message: string) {
    super('ERR_INVALID_INSTANCE', message);
  }
}

/** The registry could not be asked, or has refused what it was asked; `cause` is the error of ZooKeeper, if there is one. */
export class RegistryUnavailableError extends RegistryError {
  declare readonly code: 'ERR_REGISTRY_UNAVAILABLE';

  constructor(message: string, options?: ErrorOptions) {
    super('ERR_REGISTRY_UNAVAILABLE', message, options);
  }
}

/** Whether it is an error with one of these codes, such as the system's. Node's own are of the main realm always. */
export function hasCode(error: unknown, ...codes: string[]): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && codes.includes(String(error.code));
}
