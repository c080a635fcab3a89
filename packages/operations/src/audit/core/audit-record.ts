/**
 * Records of `astrolabe.audit.v1`: what an operator has begun, and how it ended. The second repeats the first, so that
 * one record tells the whole. What cannot be read is data: a newer version may have written it. Pure.
 */
import type { OutgoingRecord } from '@astrolabe/records';
import { JsonFields, toJson } from '@astrolabe/replay';
import type { ActionName, AuditedProgram } from './audited-actions.ts';

/** Whatever describes an action, without secrets and payloads; bigints become text of digits. */
export type AuditDetails = Readonly<Record<string, unknown>>;

export interface AuditedCaller {
  readonly program: AuditedProgram;
  /** Of the console who is logged in; of the command line ASTROLABE_OPERATOR, or the user of the operating system. */
  readonly name: string;
  /** In the console. */
  readonly role?: string;
  /** Of the console the address of the browser; of the command line `user@host`. */
  readonly from: string;
}

export interface BegunAction {
  /** Of the begin and of the end: the record's key. */
  readonly id: string;
  readonly action: ActionName;
  readonly caller: AuditedCaller;
  /** What it is about, for people: `connector acme`. */
  readonly about: string;
  /** As it was asked for. */
  readonly request?: AuditDetails;
  /** What was so before it was begun. */
  readonly before?: AuditDetails;
  /** Of an action that goes on if its process dies: all that another process needs to know. */
  readonly job?: AuditDetails;
  readonly begunAtMs: number;
}

/**
 * - `done`: what was asked for is so.
 * - `refused`: nothing was changed, for the reason in the message.
 * - `cancelled`: somebody ended it; what it had done stays done.
 * - `failed`: it ended with an error; what it had done until then stays done.
 */
export const auditResults = ['done', 'refused', 'cancelled', 'failed'] as const;
export type AuditResultKind = (typeof auditResults)[number];

export interface AuditResult {
  readonly kind: AuditResultKind;
  readonly message?: string;
  readonly counts?: Readonly<Record<string, number>>;
  /** What is so now. */
  readonly after?: AuditDetails;
}

export interface EndedAction extends BegunAction {
  readonly endedAtMs: number;
  readonly result: AuditResult;
}

/** As it was read: the action may be one that this version does not know. */
export type ReadAction = Omit<BegunAction, 'action'> & { readonly action: string };

export type AuditRecord =
  | { readonly kind: 'begun'; readonly action: ReadAction }
  | {
      readonly kind: 'ended';
      readonly action: ReadAction;
      readonly endedAtMs: number;
      readonly result: AuditResult;
    }
  | { readonly kind: 'unreadable'; readonly reason: string };

/** Longest text of one part of a record: the rest is cut. */
const MAX_TEXT = 2_000;

export function begunRecord(action: BegunAction): OutgoingRecord {
  return recordOf(action.id, { kind: 'begun', ...stored(action) });
}

export function endedRecord(action: EndedAction): OutgoingRecord {
  const { endedAtMs, result } = action;
  const { message, ...rest } = result;
  return recordOf(action.id, {
    kind: 'ended',
    ...stored(action),
    endedAt: new Date(endedAtMs).toISOString(),
    result: { ...rest, ...(message !== undefined && { message: cut(message) }) },
  });
}

function stored({ id, action, caller, about, request, before, job, begunAtMs }: BegunAction): AuditDetails {
  const begunAt = new Date(begunAtMs).toISOString();
  return { id, action, caller, about: cut(about), request, before, job, begunAt };
}

/** Begin and end of an action have one key; the topic has one partition, so all are in the order of their storing. */
function recordOf(id: string, value: AuditDetails): OutgoingRecord {
  return { key: Buffer.from(id), value: toJson(value), headers: {}, partition: 0 };
}

function cut(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}…`;
}

export function readAuditRecord({ value }: { readonly value: Buffer | null }): AuditRecord {
  try {
    const fields = JsonFields.parse(value?.toString('utf8') ?? '');
    const kind = fields.oneOf('kind', ['begun', 'ended']);
    const action = readAction(fields);
    if (kind === 'begun') return { kind, action };
    return { kind, action, endedAtMs: readTime(fields, 'endedAt'), result: readResult(fields.object('result')) };
  } catch (error) {
    return { kind: 'unreadable', reason: (error as Error).message };
  }
}

function readAction(fields: JsonFields): ReadAction {
  const caller = fields.object('caller');
  const role = caller.optionalText('role');
  return {
    id: fields.text('id'),
    action: fields.text('action'),
    caller: {
      program: caller.oneOf('program', ['cli', 'console']),
      name: caller.text('name'),
      ...(role !== undefined && { role }),
      from: caller.text('from'),
    },
    about: fields.text('about'),
    begunAtMs: readTime(fields, 'begunAt'),
    ...readDetails(fields, ['request', 'before', 'job']),
  };
}

function readResult(fields: JsonFields): AuditResult {
  const message = fields.optionalText('message');
  const counts = fields.value('counts') === undefined ? undefined : fields.object('counts');
  return {
    kind: fields.oneOf('kind', auditResults),
    ...(message !== undefined && { message }),
    ...(counts !== undefined && {
      counts: Object.fromEntries(counts.names.map((name) => [name, counts.number(name)])),
    }),
    ...readDetails(fields, ['after']),
  };
}

function readDetails<Name extends string>(
  fields: JsonFields,
  names: readonly Name[],
): Partial<Record<Name, AuditDetails>> {
  const present = names.filter((name) => fields.value(name) !== undefined);
  return Object.fromEntries(
    present.map((name) => {
      fields.object(name);
      return [name, fields.value(name) as AuditDetails];
    }),
  ) as Partial<Record<Name, AuditDetails>>;
}

function readTime(fields: JsonFields, name: string): number {
  const atMs = Date.parse(fields.text(name));
  if (Number.isNaN(atMs)) throw new Error(`${name} is not a time`);
  return atMs;
}
