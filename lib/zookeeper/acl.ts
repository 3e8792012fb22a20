import { createHash } from 'node:crypto';
import { createAcl, type ACL } from './library.js';
import { integer, object, text, wrongType, wrongValue } from '../mistakes.js';

/**
 * What an ACL can permit.
 *
 * @see https://zookeeper.apache.org/doc/r3.8.0/zookeeperProgrammers.html#sc_ACLPermissions
 */
export const Permission = { READ: 1, WRITE: 2, CREATE: 4, DELETE: 8, ADMIN: 16, ALL: 31 } as const;

/** Who may do what with a node. */
export interface Acl {
  /** The permissions, added up: 1 to 31. */
  readonly perms: number;
  /** `world`, `auth`, `digest`, `ip` or `x509`. */
  readonly scheme: string;
  /** Who it is, in the way of the scheme: `anyone` for `world`, nothing for `auth`. */
  readonly id: string;
}

/** Everybody may do everything: the ACL of nodes that get no other. */
export const openAcl: readonly Acl[] = [{ perms: Permission.ALL, scheme: 'world', id: 'anyone' }];

/** Everybody may read. */
export const readAcl: readonly Acl[] = [{ perms: Permission.READ, scheme: 'world', id: 'anyone' }];

/** Those whom the session has authenticated as may do everything, when the node is made. */
export const creatorAcl: readonly Acl[] = [{ perms: Permission.ALL, scheme: 'auth', id: '' }];

/**
 * The ACL of a user with a password, whose credential is of the scheme `digest`, `user:password`.
 *
 * @param perms the permissions, added up: 1 to 31; all if absent
 */
export function digestAcl(user: string, password: string, perms: number = Permission.ALL): Acl {
  text('user', user);
  if (user.includes(':')) throw wrongValue('user', 'must not have a colon', user);
  if (typeof password !== 'string') throw wrongType('password', 'of type string', password);
  const digest = createHash('sha1').update(`${user}:${password}`).digest('base64');
  return { perms: integer('perms', perms, 1, Permission.ALL), scheme: 'digest', id: `${user}:${digest}` };
}

/** An ACL for the library. */
export function toLibrary(name: string, acl: readonly Acl[]): ACL[] {
  if (!Array.isArray(acl)) throw wrongType(name, 'an array', acl);
  if (acl.length === 0) throw wrongValue(name, 'must not be empty', acl);
  return (acl as readonly Acl[]).map((entry, index) => {
    const { perms, scheme, id } = object(`${name}[${index}]`, entry);
    integer(`${name}[${index}].perms`, perms, 1, Permission.ALL);
    text(`${name}[${index}].scheme`, scheme);
    if (typeof id !== 'string') throw wrongType(`${name}[${index}].id`, 'of type string', id);
    return createAcl(perms, scheme, id);
  });
}

/** An ACL of the library. */
export function fromLibrary(acl: readonly ACL[]): Acl[] {
  return acl.map(({ permission, id }) => ({ perms: permission, scheme: id.scheme, id: id.id }));
}
