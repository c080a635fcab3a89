/**
 * A redrive or dismissal as the audit keeps it from its begin on: all that another process needs to carry it on. Its
 * spans end where the topics ended when it was planned, so what is dead-lettered later is not part of it. Pure.
 */
import type { Topics } from '@astrolabe/records';
import { JsonFields } from '@astrolabe/replay';
import type { AuditDetails } from '../../audit/core/audit-record.ts';
import { deadLetterTopics, type DeadLetterFilter, type DeadLetterRole } from '../../dead-letters/core/dead-letter.ts';

export interface JobSpan {
  readonly partition: number;
  readonly fromOffset: bigint;
  readonly endOffset: bigint;
}

/** Of one dead-letter topic. */
export interface JobPart {
  readonly role: DeadLetterRole;
  /** Undefined where the brokers gave none. */
  readonly topicId: string | undefined;
  readonly spans: readonly JobSpan[];
}

interface JobSelection {
  readonly parts: readonly JobPart[];
  readonly filter: DeadLetterFilter;
  /** Positions that the operator has named and vouches for; then these alone are meant. */
  readonly trusted: readonly string[];
}

export type StoredJob = JobSelection &
  (
    | { readonly kind: 'redrive'; readonly maxRedrives: number; readonly recordsPerSecond: number | undefined }
    | { readonly kind: 'dismiss'; readonly reason: string | undefined }
  );

export function jobDetails(job: StoredJob): AuditDetails {
  return { ...job };
}

/** Undefined for what this version cannot carry on. */
export function readStoredJob(details: AuditDetails): StoredJob | undefined {
  try {
    const fields = JsonFields.of(details, 'job');
    const kind = fields.oneOf('kind', ['redrive', 'dismiss']);
    const filter = fields.object('filter');
    const selection: JobSelection = {
      parts: fields.list('parts').map(readPart),
      filter: Object.fromEntries(filter.names.map((name) => [name, filter.text(name)])),
      trusted: readTexts(fields.value('trusted')),
    };
    if (kind === 'dismiss') return { ...selection, kind, reason: fields.optionalText('reason') };
    const limit = fields.value('recordsPerSecond') === undefined ? undefined : fields.number('recordsPerSecond');
    return { ...selection, kind, maxRedrives: fields.number('maxRedrives'), recordsPerSecond: limit };
  } catch {
    return undefined;
  }
}

function readPart(fields: JsonFields): JobPart {
  return {
    role: fields.oneOf('role', ['events', 'commands']),
    topicId: fields.optionalText('topicId'),
    spans: fields.list('spans').map((span) => ({
      partition: span.number('partition'),
      fromOffset: span.offset('fromOffset'),
      endOffset: span.offset('endOffset'),
    })),
  };
}

function readTexts(value: unknown): readonly string[] {
  if (!Array.isArray(value) || !value.every((each) => typeof each === 'string')) throw new Error('not a list of text');
  return value;
}

/** The topic that a part is of. */
export function topicOf(topics: Topics, { role }: Pick<JobPart, 'role'>): string {
  return deadLetterTopics(topics)[role];
}
