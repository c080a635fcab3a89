/** What a replay may make of an event: that depends on when it comes to it. */
import type { Command } from '@astrolabe/schemas';
import type { ExpectedRun, StoredEvent } from '../expected-run.ts';
import { meaningOf, type Meaning } from '../segment-meaning.ts';
import { RepeatedMemory } from '../user-memory.ts';

/** So many decisions about a user are remembered one by one (docs/adr/0015). */
const REMEMBERED_DECISIONS = 32;

export interface ReplayedOutcome {
  readonly kind: Meaning['kind'];
  /** Code of its dead letter. */
  readonly code: string | undefined;
  readonly commands: readonly Command[];
  /** Of a deletion that is not remembered any more: it may say a later time, as all of its user is gone. */
  readonly isTimeOpen: boolean;
}

/** Each once. */
export function replayedOutcomes(stored: StoredEvent, { statuses }: ExpectedRun): readonly ReplayedOutcome[] {
  const { record, sending, receivedAtMs, time, blocksFreeEmail } = stored;
  const { connectorId, messageId } = record;
  const { body } = sending.event;
  const { occurredAtMs } = time;
  const happening = { connectorId, messageId, body, receivedAtMs, occurredAtMs, clock: { ms: 0 } };
  const outcomes = new Map<string, ReplayedOutcome>();
  for (const status of statuses.since(record, body)) {
    const meaning = meaningOf(happening, new RepeatedMemory(status, blocksFreeEmail, receivedAtMs));
    const commands = meaning.kind === 'mapped' ? meaning.commands : [];
    const code = meaning.kind === 'dead-lettered' ? meaning.code : undefined;
    const isTimeOpen = body['type'] === 'delete' && status.decisions > REMEMBERED_DECISIONS;
    const name = [
      meaning.kind,
      code,
      isTimeOpen,
      ...commands.map(({ kind, record: { occurredAt } }) => `${kind} ${occurredAt}`),
    ];
    outcomes.set(name.join(' '), { kind: meaning.kind, code, commands, isTimeOpen });
  }
  return [...outcomes.values()];
}
