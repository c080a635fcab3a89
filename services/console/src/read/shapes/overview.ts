import { z } from 'zod';
import { findingShape } from './contracts.ts';
import { count, instant, panelOf } from './values.ts';

export const periods = ['5m', '1h', '24h'] as const;
export type Period = (typeof periods)[number];

const part = z.object({ reason: z.string(), count });

/**
 * What the services counted from `from` to `to`. An event ends as rejected, skipped, dead or mapped; a mapped event
 * makes one command or more, and each ends as delivered, duplicate or dead.
 */
export const funnelShape = z.object({
  from: instant,
  to: instant,
  events: z.object({
    received: count,
    rejected: count,
    skipped: count,
    skippedBy: z.array(part),
    dead: count,
    deadBy: z.array(part),
    mapped: count,
  }),
  commands: z.object({
    made: count,
    delivered: count,
    duplicate: count,
    dead: count,
    deadBy: z.array(part),
  }),
});
export type Funnel = z.infer<typeof funnelShape>;

/**
 * `exact`: every event that the watched instances counted in the period is in it. `at-least`: some counts may be
 * missing, for the reasons given. ADR 30.
 */
export const exactnessShape = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('exact') }),
  z.object({ kind: z.literal('at-least'), reasons: z.array(z.string()) }),
]);
export type Exactness = z.infer<typeof exactnessShape>;

const compared = z.object({
  now: funnelShape,
  exactness: exactnessShape,
  /** The period before; absent where the console has not watched for that long. */
  before: funnelShape.optional(),
  /** Since when the services are watched. */
  watchedSince: instant,
});
export type ComparedFunnel = z.infer<typeof compared>;

/** Receipt at ingest to the API's acknowledgement. A quantile is the upper bound of its class: "at most". */
const freshness = z.object({
  deliveries: count,
  meanSeconds: z.number().optional(),
  p50AtMostSeconds: z.number().optional(),
  p95AtMostSeconds: z.number().optional(),
  p99AtMostSeconds: z.number().optional(),
});
export type Freshness = z.infer<typeof freshness>;

const throughput = z.object({
  receivedPerSecond: z.number(),
  deliveredPerSecond: z.number(),
  /** Oldest first. */
  points: z.array(z.object({ at: instant, receivedPerSecond: z.number(), deliveredPerSecond: z.number() })),
});
export type Throughput = z.infer<typeof throughput>;

const waiting = z.object({
  services: z.array(
    z.object({
      service: z.string(),
      records: count,
      isEstimate: z.boolean(),
      /** Age of the oldest record that waits. */
      behindSeconds: z.number(),
      catchUpSeconds: z.number().optional(),
    }),
  ),
});

const connectors = z.object({
  /** Their key is refused: their commands wait. */
  halted: z.array(z.string()),
  /** Their circuit is open or probing, for another reason. */
  failing: z.array(z.string()),
  lagging: z.array(z.object({ connector: z.string(), records: count, seconds: z.number().optional() })),
});
export type TroubledConnectors = z.infer<typeof connectors>;

const instances = z.object({
  instances: z.array(
    z.object({
      service: z.string(),
      url: z.string(),
      version: z.string().optional(),
      state: z.enum(['watched', 'away']),
      /** Why it is away. */
      message: z.string().optional(),
    }),
  ),
});
export type WatchedInstances = z.infer<typeof instances>;

export const overviewShape = z.object({
  at: instant,
  period: z.enum(periods),
  funnel: panelOf(compared),
  waiting: panelOf(waiting),
  freshness: panelOf(freshness),
  throughput: panelOf(throughput),
  connectors: panelOf(connectors),
  deadLetters: panelOf(z.object({ waiting: count, isComplete: z.boolean() })),
  /** Warnings and problems only. */
  findings: panelOf(z.object({ findings: z.array(findingShape) })),
  instances: panelOf(instances),
});
export type Overview = z.infer<typeof overviewShape>;
