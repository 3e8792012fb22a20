// What a client is made with.
import { createSecureContext, type ConnectionOptions as TlsOptions } from 'node:tls';
import { boolean, callback, INT_MAX, integer, object, wrongType, wrongValue } from '../mistakes.js';
import { openAcl, toLibrary, type Acl } from './acl.js';
import { checkCredential } from './arguments.js';
import type { Credential } from './connection.js';
import { parseConnectString, type Host } from './hosts.js';
import type { ZooKeeperClientOptions } from './options.js';

const defaultSessionTimeout = 10_000;

/** The arguments of a client, as they are when they are right. */
export interface Settings {
  readonly hosts: readonly Host[];
  /** The node that all paths are below; empty if there is none. */
  readonly chroot: string;
  /** What is asked for, in milliseconds. */
  readonly sessionTimeout: number;
  readonly credentials: readonly Credential[];
  readonly defaultAcl: readonly Acl[];
  readonly randomizeHosts: boolean;
  readonly tls: TlsOptions | undefined;
  readonly onWarning: (message: string) => void;
}

function warnProcess(message: string): void {
  process.emitWarning(message, 'ZooKeeperWarning');
}

function checkTls(tls: boolean | TlsOptions): TlsOptions | undefined {
  const options = typeof tls === 'object' ? object('options.tls', tls) : boolean('options.tls', tls) ? {} : undefined;
  // What is wrong with certificates and keys is thrown here, not at each connection.
  if (options) createSecureContext(options);
  return options;
}

/** @throws as the constructor of `ZooKeeperClient` */
export function checkSettings(connectString: string, options: ZooKeeperClientOptions): Settings {
  const { hosts, chroot } = parseConnectString(connectString);
  object('options', options);
  const { sessionTimeout = defaultSessionTimeout, auth = [], defaultAcl = openAcl, randomizeHosts = true } = options;
  const { tls = false, readOnly = false, onWarning = warnProcess } = options;
  integer('options.sessionTimeout', sessionTimeout, 1, INT_MAX);
  if (!Array.isArray(auth)) throw wrongType('options.auth', 'an array', auth);
  const credentials = auth.map((one: Credential, index) => checkCredential(`options.auth[${index}]`, one));
  toLibrary('options.defaultAcl', defaultAcl);
  boolean('options.randomizeHosts', randomizeHosts);
  const checkedTls = checkTls(tls);
  if (boolean('options.readOnly', readOnly)) {
    throw wrongValue('options.readOnly', 'must be false: node-zookeeper-client has no read-only mode', readOnly);
  }
  callback('options.onWarning', onWarning);
  return { hosts, chroot, sessionTimeout, credentials, defaultAcl, randomizeHosts, tls: checkedTls, onWarning };
}
