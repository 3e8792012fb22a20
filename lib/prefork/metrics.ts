// The status of a family as Prometheus metrics. What is a worker's has the label of its place, not of its pid: a family that
// forks a thousand times a day has the same series all day.
import { Counter, Gauge, Registry } from 'prom-client';
import type { MasterStatus, ProcessStatus } from './status.js';

/** A number, and the value of the metric's label. */
type Sample = readonly [value: number, label?: string | number];

interface Metric {
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly label?: 'worker' | 'state' | 'reason';
  /** What is not known has no sample. */
  readonly samples: (status: MasterStatus) => readonly Sample[];
}

type Processes = readonly [ProcessStatus, ...ProcessStatus[]];

function known(value: number | null | undefined): readonly Sample[] {
  return value === null || value === undefined ? [] : [[value]];
}

function byReason(counts: Readonly<Record<string, number>>): readonly Sample[] {
  return Object.entries(counts).map(([reason, count]) => [count, reason]);
}

/** @param value of a place, from its processes: while its worker is replaced, they are two */
function byWorker(value: (processes: Processes) => number | undefined): Pick<Metric, 'label' | 'samples'> {
  const samples = ({ workers }: MasterStatus) => {
    const places = new Map<number, Processes>();
    for (const process of workers) {
      places.set(process.worker, [process, ...(places.get(process.worker) ?? [])]);
    }
    return [...places].flatMap(([worker, processes]) => known(value(processes)).map(([one]) => [one, worker] as const));
  };
  return { label: 'worker', samples };
}

/** Undefined if it is not known of any. */
function sum(processes: Processes, value: (process: ProcessStatus) => number | undefined): number | undefined {
  const values = processes.flatMap((process) => value(process) ?? []);
  return values.length === 0 ? undefined : values.reduce((total, one) => total + one);
}

const states = ['booting', 'ready', 'stopping', 'stopped', 'waiting'] as const satisfies ProcessStatus['state'][];

/** Every metric, by its name. */
const metrics: Readonly<Record<string, Metric>> = {
  truefork_start_time_seconds: {
    type: 'gauge',
    help: 'When the master began to run the family, in seconds of the epoch.',
    samples: ({ since }) => [[since / 1_000]],
  },
  truefork_generation: {
    type: 'gauge',
    help: '1 for the first workers, and one more after each reload and each refork.',
    samples: ({ generation }) => [[generation]],
  },
  truefork_replacing: {
    type: 'gauge',
    help: '1 while all workers are being replaced.',
    samples: ({ replacing }) => [[Number(replacing !== null)]],
  },
  truefork_stopping: {
    type: 'gauge',
    help: '1 while the server stops.',
    samples: ({ stopping }) => [[Number(stopping !== null)]],
  },
  truefork_workers_wanted: {
    type: 'gauge',
    help: 'How many workers there shall be.',
    samples: ({ wanted }) => [[wanted]],
  },
  truefork_workers: {
    type: 'gauge',
    help: 'Worker processes, by what they are doing; `waiting`: places that have none.',
    label: 'state',
    samples: ({ workers }) => states.map((state) => [workers.filter((each) => each.state === state).length, state]),
  },
  truefork_requests_total: {
    type: 'counter',
    help: 'Requests that the workers were given; connections, of a server that is not HTTP.',
    samples: ({ totals }) => [[totals.requests]],
  },
  truefork_connections: {
    type: 'gauge',
    help: 'Connections that are open.',
    samples: ({ totals }) => [[totals.connections]],
  },
  truefork_forks_total: {
    type: 'counter',
    help: 'Worker processes that have been forked.',
    samples: ({ totals }) => [[totals.forks]],
  },
  truefork_exits_total: {
    type: 'counter',
    help: 'Worker processes that have ended.',
    samples: ({ totals }) => [[totals.exits]],
  },
  truefork_restarts_total: {
    type: 'counter',
    help: 'Worker processes that have ended though nobody had asked for it.',
    samples: ({ totals }) => [[totals.restarts]],
  },
  truefork_kills_total: {
    type: 'counter',
    help: 'Processes that the master has killed, by the limit that they had passed.',
    label: 'reason',
    samples: ({ totals }) => byReason(totals.kills),
  },
  truefork_recycles_total: {
    type: 'counter',
    help: 'Workers that were replaced because they had reached a limit, by the limit.',
    label: 'reason',
    samples: ({ totals }) => byReason(totals.recycles),
  },
  truefork_memory_bytes: {
    type: 'gauge',
    help: 'Memory of the whole family, each page counted once (PSS).',
    samples: ({ totals }) => known(totals.memory),
  },
  truefork_master_private_memory_bytes: {
    type: 'gauge',
    help: 'Memory that only the master has (USS).',
    samples: ({ memory }) => known(memory?.private),
  },
  truefork_master_shared_memory_bytes: {
    type: 'gauge',
    help: 'Memory that the master shares with other processes.',
    samples: ({ memory }) => known(memory?.shared),
  },
  truefork_master_cpu_seconds_total: {
    type: 'counter',
    help: 'Processor time of the master.',
    samples: ({ cpu }) => known(cpu && cpu.time / 1_000),
  },
  truefork_worker_up: {
    type: 'gauge',
    help: '1 if the worker accepts connections.',
    ...byWorker((processes) => Number(processes.some(({ state }) => state === 'ready'))),
  },
  truefork_worker_generation: {
    type: 'gauge',
    help: 'The generation of the newest process of the worker.',
    ...byWorker((processes) => Math.max(...processes.map(({ generation }) => generation))),
  },
  truefork_worker_requests_total: {
    type: 'counter',
    help: 'Requests that the worker was given, in all its processes.',
    ...byWorker((processes) => (sum(processes, ({ requests }) => requests) ?? 0) + processes[0].pastRequests),
  },
  truefork_worker_connections: {
    type: 'gauge',
    help: 'Connections that the worker has open.',
    ...byWorker((processes) => sum(processes, ({ connections }) => connections)),
  },
  truefork_worker_restarts_total: {
    type: 'counter',
    help: 'How often the worker has ended though nobody had asked for it.',
    ...byWorker(([{ restarts }]) => restarts),
  },
  truefork_worker_event_loop_lag_seconds: {
    type: 'gauge',
    help: 'How late the event loop of the worker was at worst; it fades, by half in ten seconds.',
    ...byWorker((processes) => Math.max(...processes.map(({ lag }) => lag)) / 1_000),
  },
  truefork_worker_cpu_seconds_total: {
    type: 'counter',
    help: 'Processor time of the worker, in all its processes as far as it was seen.',
    ...byWorker((processes) => ((sum(processes, ({ cpu }) => cpu?.time) ?? 0) + processes[0].pastCpuTime) / 1_000),
  },
  truefork_worker_private_memory_bytes: {
    type: 'gauge',
    help: 'Memory that only the worker has, and its end would give back (USS).',
    ...byWorker((processes) => sum(processes, ({ memory }) => memory?.private)),
  },
  truefork_worker_shared_memory_bytes: {
    type: 'gauge',
    help: 'Memory that the worker shares with other processes.',
    ...byWorker((processes) => sum(processes, ({ memory }) => memory?.shared)),
  },
};

/** The metrics of a family at this moment, in the text format of Prometheus. */
export async function metricsOf(status: MasterStatus): Promise<{ type: string; body: string }> {
  const registry = new Registry();
  for (const [name, { type, help, label, samples }] of Object.entries(metrics)) {
    const configuration = { name, help, labelNames: label ? [label] : [], registers: [registry] };
    const metric = type === 'counter' ? new Counter(configuration) : new Gauge(configuration);
    for (const [value, of] of samples(status)) metric.inc(label && of !== undefined ? { [label]: of } : {}, value);
  }
  return { type: registry.contentType, body: await registry.metrics() };
}
