/**
 * Of the dispatcher: a command goes to the API under its own id, or under that of a forced replay, in whichever
 * attempt.
 */
import type { Command } from '@astrolabe/schemas';
import type { Evidence } from '../evidence.ts';
import type { ExpectedRun } from '../expected-run.ts';
import type { Attempt } from '../observed.ts';
import type { ExpectedReplays } from '../replays/expected-replays.ts';
import type { Finding } from '../violation.ts';
import { about } from './delivered.ts';

/** Attempts whose key is not the id of any command, or belongs to a command other than the one in the attempt. */
export function* findForeignKeys({ expected, replays, observed }: Evidence): Iterable<Finding> {
  const meanings = meaningsById(expected, replays);
  for (const attempt of observed.attempts) {
    const wanted = expected.commandsById.get(attempt.commandId) ?? replays.deliveries.get(attempt.commandId)?.[0];
    if (wanted === undefined) {
      const { kind, commandId, connectorId, userId, accountId } = attempt;
      const subject = `${kind} under the key ${commandId} of ${connectorId}, ${userId ?? accountId ?? 'a visitor'}`;
      yield { invariant: 'one-key', subject, detail: 'a call was made under a key that is not the id of any command' };
    } else if (meanings.get(attempt.commandId)?.has(contentOf(attempt)) !== true) {
      yield about(wanted, 'one-key', `a call was made under its key for another command: ${contentOf(attempt)}`);
    }
  }
}

/**
 * Refusals of a key that was used for other content. An event that is repeated with another clock or another time of
 * receipt has another time of occurrence, so the API refuses its command under the first one's key. The dispatcher
 * reads that refusal as proof that the first was executed, and so it does not count as a conflict.
 */
export function* findConflicts({ expected, replays, observed }: Evidence): Iterable<Finding> {
  const meanings = meaningsById(expected, replays);
  const told = new Set<string>();
  let refusals = 0;
  for (const arrival of observed.arrivals) {
    const { outcome, commandId, connectorId } = arrival;
    if (outcome !== 'key-reused') continue;
    refusals += 1;
    const meant = meanings.get(commandId);
    const isRepetition = meant !== undefined && meant.size > 1 && meant.has(contentOf(arrival));
    if (isRepetition || told.has(commandId)) continue;
    told.add(commandId);
    const wanted = expected.commandsById.get(commandId) ?? replays.deliveries.get(commandId)?.[0];
    const detail = 'its key came again with another command';
    yield wanted === undefined
      ? { invariant: 'no-conflict', subject: `command ${commandId} of ${connectorId}`, detail }
      : about(wanted, 'no-conflict', detail);
  }
  if (observed.keysReused > refusals) {
    const detail = `the API counts ${observed.keysReused} keys that came again with another command, and ${refusals} are known`;
    yield { invariant: 'no-conflict', subject: 'the API', detail };
  }
}

/** What calls under a key may carry: as many contents as the records of its command's event tell times. */
function meaningsById(
  { commands }: ExpectedRun,
  { deliveries }: ExpectedReplays,
): ReadonlyMap<string, ReadonlySet<string>> {
  const meanings = new Map<string, Set<string>>();
  const add = (key: string, command: Command): void => {
    const own = meanings.get(key);
    const content = contentOf(attemptOf(command));
    if (own === undefined) meanings.set(key, new Set([content]));
    else own.add(content);
  };
  for (const { command } of commands) add(command.record.commandId, command);
  for (const [deliveryId, all] of deliveries) for (const { command } of all) add(deliveryId, command);
  return meanings;
}

/** The call that has to be made for a command; of a forced replay under a key of its own. */
export function attemptOf({ kind, record }: Command, deliveryId = record.commandId): Attempt {
  const { connectorId, commandId, occurredAt } = record;
  return {
    connectorId,
    commandId: deliveryId,
    kind,
    userId: 'userId' in record ? record.userId : null,
    accountId: 'accountId' in record ? record.accountId : null,
    occurredAtMs: occurredAt,
    eventId: kind === 'TrackEvent' ? commandId : null,
  };
}

function contentOf({ connectorId, kind, userId, accountId, occurredAtMs, eventId }: Attempt): string {
  return JSON.stringify([connectorId, kind, userId, accountId, new Date(occurredAtMs).toISOString(), eventId]);
}
