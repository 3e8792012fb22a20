// struct rusage, as the addon fills it in.

/** What processes have used: `struct rusage`. Fields that Linux does not keep are 0. */
export interface ResourceUsage {
  /** Seconds of processor time outside the kernel. */
  utime: number;
  /** Seconds of processor time in the kernel. */
  stime: number;
  /** The most memory that was resident, in KiB. Of children: the most of one. */
  maxrss: number;
  /** 0. */
  ixrss: number;
  /** 0. */
  idrss: number;
  /** 0. */
  isrss: number;
  /** Page faults that took no reading. */
  minflt: number;
  /** Page faults for which a file or the swap space was read. */
  majflt: number;
  /** 0. */
  nswap: number;
  /** Reads by the file system, in blocks of 512 bytes. */
  inblock: number;
  /** Writes by the file system, in blocks of 512 bytes. */
  oublock: number;
  /** 0. */
  msgsnd: number;
  /** 0. */
  msgrcv: number;
  /** 0. */
  nsignals: number;
  /** How often it gave up the processor to wait. */
  nvcsw: number;
  /** How often it lost the processor to somebody else. */
  nivcsw: number;
}

const FIELDS = 16;

/** What the addon fills in. */
export const usageOut = new Float64Array(FIELDS);

/** What it has filled in. */
export function usage(): ResourceUsage {
  const [utime = 0, stime = 0, maxrss = 0, ixrss = 0, idrss = 0, isrss = 0, minflt = 0, majflt = 0] = usageOut;
  const [nswap = 0, inblock = 0, oublock = 0, msgsnd = 0, msgrcv = 0, nsignals = 0, nvcsw = 0, nivcsw = 0] =
    usageOut.subarray(8);
  return {
    utime,
    stime,
    maxrss,
    ixrss,
    idrss,
    isrss,
    minflt,
    majflt,
    nswap,
    inblock,
    oublock,
    msgsnd,
    msgrcv,
    nsignals,
    nvcsw,
    nivcsw,
  };
}
