// Where the instances of a service are in ZooKeeper, and how their nodes are named: that is of the codec, since who reads
// them expects both.
import type { CodecName } from './codecs.js';

/** A node that is to be made. */
interface NodeName {
  readonly name: string;
  /** Whether the server puts ten digits behind the name. */
  readonly sequence: boolean;
}

/** The nodes of a service. */
export interface Layout {
  /** The node whose children they are, below the chroot. */
  readonly parent: string;
  /** The node of a new instance. */
  nodeFor(id: string): NodeName;
  /** The id of the instance that has this node; undefined: it is none of the service's, and nothing is said of it. */
  idOf(name: string): string | undefined;
  /** Whether a node may be that of the instance, by its name. */
  mayBeOf(name: string, id: string): boolean;
}

// What Curator puts before the name of a node that is to be found again when its making has gone unanswered.
const protection = '(?:_c_([0-9a-fA-F-]{36})-)?';

// The counter is an int of Java's, printed by %010d: it has ten digits, or a sign when it has passed 2³¹ − 1.
const counter = '(?:\\d{10}|-\\d{9}|-[12]\\d{9})';

const escaped = (text: string) => text.replaceAll(/[.-]/g, '\\$&');

/** All services side by side, each a prefix: `/_c_GUID-rpc0000000003`. The booklet's own: `/rpc0000000003`. */
function flat(service: string): Layout {
  const pattern = new RegExp(`^${protection}${escaped(service)}${counter}$`);
  return {
    parent: '/',
    nodeFor: (id) => ({ name: `_c_${id}-${service}`, sequence: true }),
    idOf(name) {
      const match = pattern.exec(name);
      return match ? (match[1] ?? name) : undefined;
    },
    mayBeOf: (name, id) => name.startsWith(`_c_${id}-`),
  };
}

/** A node for each service. All its children are instances, but for those by which Aurora weighs the members. */
function perService(service: string, nodes: Pick<Layout, 'nodeFor' | 'mayBeOf'>): Layout {
  return {
    parent: `/${service}`,
    idOf: (name) => (name.startsWith('vector_') ? undefined : name),
    ...nodes,
  };
}

const layouts: Readonly<Record<CodecName, (service: string) => Layout>> = {
  booklet: flat,

  /** `/rpc/GUID` */
  curator: (service) =>
    perService(service, {
      nodeFor: (id) => ({ name: id, sequence: false }),
      mayBeOf: (name, id) => name === id,
    }),

  /** `/rpc/member_0000000003`: others look for that very name, so the id is in the payload. */
  serverset: (service) =>
    perService(service, {
      nodeFor: () => ({ name: 'member_', sequence: true }),
      mayBeOf: (name) => name.startsWith('member_'),
    }),
};

/** The layout of a codec. */
export function layoutOf(codec: CodecName, service: string): Layout {
  return layouts[codec](service);
}

/** The path of a child. */
export function nodePath(parent: string, name: string): string {
  return parent === '/' ? `/${name}` : `${parent}/${name}`;
}
