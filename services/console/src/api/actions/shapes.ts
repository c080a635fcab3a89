/** What the routes of changes take and answer. */
import { z } from 'zod';

export const count = z.int().min(0);
export const instant = z.string().meta({ description: 'a time in UTC, ISO 8601' });
export const counts = z.record(z.string(), z.number());

/** ISO 8601 with an offset, or in UTC. */
const time = z.iso.datetime({ offset: true });
const name = z.string().min(1).max(200);
const rate = z.int().min(1).max(1_000_000);
/** `0:100-200,1:5-` */
const offsets = z.string().min(3).max(2_000);

/** Which dead letters: those that match all parts that are given. */
const selection = {
  topic: name.optional(),
  connector: name.optional(),
  code: name.optional(),
  messageId: name.optional(),
  commandId: name.optional(),
  from: time.optional(),
  to: time.optional(),
  offsets: offsets.optional(),
  all: z.literal(true).optional(),
};

export const redriveBody = z.strictObject({
  ...selection,
  /** Positions of events whose senders the operator vouches for; then nothing else is selected. */
  asTrusted: z.array(name).min(1).max(100).optional(),
  maxRedrives: z.int().min(1).max(100).default(3),
  recordsPerSecond: rate.optional(),
});
export type RedriveBody = z.infer<typeof redriveBody>;

export const dismissBody = z.strictObject({ ...selection, reason: z.string().min(1).max(500).optional() });
export type DismissBody = z.infer<typeof dismissBody>;
export type SelectionBody = z.infer<z.ZodObject<typeof selection>>;

export const replayBody = z.strictObject({
  source: z.enum(['events', 'commands']),
  range: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('all') }),
    z.strictObject({ kind: z.literal('times'), from: time, to: time.optional() }),
    z.strictObject({ kind: z.literal('offsets'), offsets }),
  ]),
  connector: name.optional(),
  user: name.optional(),
  account: name.optional(),
  type: name.optional(),
  event: name.optional(),
  /** Deliver again what was delivered before, once for this replay. */
  force: z.boolean().default(false),
  includeReplayed: z.boolean().default(false),
  recordsPerSecond: rate.optional(),
});
export type ReplayBody = z.infer<typeof replayBody>;
/** As it is sent. */
export type SentReplayBody = z.input<typeof replayBody>;

const cause = z.object({ topic: z.string(), code: z.string(), connector: z.string(), waiting: count });
const left = z.object({ position: z.string(), reason: z.string() });

/** A dry run: what carrying it out would do. Nothing was changed. */
export const planAnswer = z.object({
  planId: z.string(),
  kind: z.enum(['redrive', 'dismiss', 'replay']),
  about: z.string(),
  /** Then it is gone, and has to be made again. */
  expiresAt: instant,
  /** `redriven`, `dismissed` or `wouldBeSent` is how many would be changed. */
  counts,
  /** What has to be given to carry it out, word for word; absent: nothing. */
  confirmation: z.string().optional(),
  /** In sentences: what the counts alone do not say. */
  notes: z.array(z.string()),
  causes: z.array(cause).optional(),
  /** Some of those that a redrive leaves, with the reason. */
  left: z.array(left).optional(),
});
export type PlanAnswer = z.infer<typeof planAnswer>;

export const executeBody = z.strictObject({ confirmation: z.string().max(200).optional() });

export const jobAnswer = z.object({
  id: z.string(),
  action: z.string(),
  state: z.enum(['waiting', 'running', 'cancelling', 'done', 'cancelled', 'failed']),
  about: z.string(),
  who: z.string(),
  from: z.string(),
  begunAt: instant,
  endedAt: instant.optional(),
  progress: z.object({ done: count, total: count.optional() }).optional(),
  /** Why it waits or has failed, or what came of it. */
  message: z.string().optional(),
  counts: counts.optional(),
});
export type JobAnswer = z.infer<typeof jobAnswer>;

export const jobsAnswer = z.object({ jobs: z.array(jobAnswer) });
export type JobsAnswer = z.infer<typeof jobsAnswer>;

export const resumeBody = z.strictObject({ recordsPerSecond: z.union([rate, z.literal('none')]).optional() });
export const noBody = z.strictObject({});
export const controlAnswer = z.object({ replayId: z.string(), outcome: z.enum(['changed', 'unchanged', 'removed']) });

/** One line of `astrolabe dlq export`, its value edited. */
export const editedBody = z.strictObject({ lines: z.array(z.string().min(2).max(2_000_000)).min(1).max(100) });

const key = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('generate') }),
  z.strictObject({ kind: z.literal('env'), name: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/) }),
  z.strictObject({ kind: z.literal('file'), path: z.string().min(1).max(500) }),
]);

const freeEmailProviders = z.enum(['allow', 'block']);

export const addConnectorBody = z.strictObject({
  name: z.string().trim().min(1).max(200),
  id: z.string().max(63).optional(),
  freeEmailProviders,
  key: key.default({ kind: 'generate' }),
});
export const editConnectorBody = z.strictObject({
  name: z.string().trim().min(1).max(200).optional(),
  freeEmailProviders: freeEmailProviders.optional(),
});
export type AddConnectorBody = z.input<typeof addConnectorBody>;
export type EditConnectorBody = z.infer<typeof editConnectorBody>;
export const enabledBody = z.strictObject({ enabled: z.boolean() });
export const rotateBody = z.strictObject({ key: key.default({ kind: 'generate' }) });
/** `key`: the fingerprint of a write key, or where it is. */
export const retireBody = z.strictObject({ key: z.string().min(1).max(500) });

export const addedConnectorAnswer = z.object({
  id: z.string(),
  /** Shown this once, and stored nowhere but where the services read it. */
  key: z.string().optional(),
  /** Where senders reach ingest; absent where the console is not told. */
  ingestUrl: z.string().optional(),
  /** The connectors file cannot be written here: what to add to its list of connectors. */
  json: z.string().optional(),
});
export type AddedConnectorAnswer = z.infer<typeof addedConnectorAnswer>;

export const rotatedAnswer = z.object({
  id: z.string(),
  key: z.string().optional(),
  /** The old key, which senders may use until it is retired under this name. */
  retire: z.string(),
});
export type RotatedAnswer = z.infer<typeof rotatedAnswer>;
export const changedAnswer = z.object({ id: z.string(), changed: z.boolean() });
export const checkedAnswer = z.object({
  id: z.string(),
  key: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('accepted') }),
    z.object({ kind: z.literal('refused'), status: z.int() }),
    z.object({ kind: z.literal('unclear'), reason: z.string() }),
  ]),
});
export type CheckedAnswer = z.infer<typeof checkedAnswer>;
export const sentTestEventAnswer = z.object({ messageId: z.string() });
export type SentTestEventAnswer = z.infer<typeof sentTestEventAnswer>;

const finding = z.object({
  level: z.enum(['ok', 'warning', 'problem']),
  about: z.string(),
  fact: z.string(),
  meaning: z.string().optional(),
  remedy: z.string().optional(),
});
export const topicsAppliedAnswer = z.object({
  isInOrder: z.boolean(),
  created: z.array(z.string()),
  changed: z.array(z.string()),
  problems: z.array(finding),
});
export const schemasAppliedAnswer = z.object({
  subjects: z.array(z.object({ subject: z.string(), id: z.int(), changed: z.boolean() })),
});

const details = z.record(z.string(), z.unknown());
export const auditEntry = z.object({
  id: z.string(),
  action: z.string(),
  caller: z.object({
    program: z.enum(['cli', 'console']),
    name: z.string(),
    role: z.string().optional(),
    from: z.string(),
  }),
  about: z.string(),
  request: details.optional(),
  before: details.optional(),
  begunAt: instant,
  /** Absent with `result`: it is under way, or its process died before it could store the end. */
  endedAt: instant.optional(),
  result: z
    .object({
      kind: z.enum(['done', 'refused', 'cancelled', 'failed']),
      message: z.string().optional(),
      counts: counts.optional(),
      after: details.optional(),
    })
    .optional(),
});
export type AuditEntry = z.infer<typeof auditEntry>;
export const auditAnswer = z.object({
  entries: z.array(auditEntry),
  /** `cursor` of the next page; absent on the last. A page may have fewer entries than asked for. */
  next: z.string().optional(),
  /** The topic does not exist yet: what to do. */
  note: z.string().optional(),
});
export type AuditAnswer = z.infer<typeof auditAnswer>;
export const auditQuery = z.strictObject({
  action: z.string().max(100).optional(),
  who: z.string().max(200).optional(),
  from: time.optional(),
  to: time.optional(),
  cursor: z.string().max(10_000).optional(),
  limit: z
    .string()
    .regex(/^\d{1,3}$/)
    .optional(),
});
export const auditExportQuery = auditQuery.omit({ cursor: true, limit: true });
export type AuditQuery = z.infer<typeof auditQuery>;

export const deadLetterExportQuery = z.strictObject({
  ...selection,
  /** `true`: those that were redriven or dismissed as well. */
  all: z.enum(['true', 'false']).optional(),
});
