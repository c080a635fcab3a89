/** Of the dispatcher and the API: each command is executed once and in order, or is in the dead letters. */
import type { Evidence } from '../evidence.ts';
import { inOrder, type ExpectedCommand } from '../expected-run.ts';
import type { Arrival, Observed } from '../observed.ts';
import type { Finding } from '../violation.ts';

/** Executions by command id, in their order, those of the re-read included. */
export function executionsOf({ arrivals }: Pick<Observed, 'arrivals'>): ReadonlyMap<string, readonly Arrival[]> {
  const executions = new Map<string, Arrival[]>();
  for (const arrival of arrivals) {
    if (arrival.outcome !== 'applied' && arrival.outcome !== 'unchanged') continue;
    const others = executions.get(arrival.commandId);
    if (others === undefined) executions.set(arrival.commandId, [arrival]);
    else others.push(arrival);
  }
  return executions;
}

/**
 * The same before the command topic was read again: what the re-read executed was not delivered when it should have
 * been.
 */
export function executionsBeforeReadAgain(observed: Observed): ReturnType<typeof executionsOf> {
  return executionsOf({ arrivals: arrivalsBeforeReadAgain(observed) });
}

/** The same without what only replays have delivered. */
export function liveExecutions({ observed, replays }: Evidence): ReturnType<typeof executionsOf> {
  const executions = [...executionsBeforeReadAgain(observed)];
  return new Map(executions.filter(([deliveryId]) => !replays.deliveries.has(deliveryId)));
}

export function arrivalsBeforeReadAgain({ arrivals, readAgain }: Observed): readonly Arrival[] {
  return readAgain === undefined ? arrivals : arrivals.filter(({ sequence }) => sequence <= readAgain.afterSequence);
}

export function* findUnaccounted({ expected, observed, possibleDeadLetterCodes }: Evidence): Iterable<Finding> {
  const executions = executionsBeforeReadAgain(observed);
  const deadLetters = new Map(
    observed.topics.commandDeadLetters.map((deadLetter) => [deadLetter.commandId, deadLetter]),
  );
  for (const [commandId, wanted] of expected.commandsById) {
    const deadLetter = deadLetters.get(commandId);
    if (deadLetter !== undefined && !possibleDeadLetterCodes.has(deadLetter.code)) {
      const detail = `it is in the dead letters as ${deadLetter.code}, which nothing in this run causes: ${deadLetter.message}`;
      yield about(wanted, 'accounted', detail);
    } else if (deadLetter === undefined && !executions.has(commandId)) {
      yield about(wanted, 'accounted', 'the API has not executed it, and it is not in the dead letters');
    }
  }
  for (const { commandId = '', connectorId, messageId, partition, offset } of observed.topics.commandDeadLetters) {
    if (expected.commandsById.has(commandId)) continue;
    yield {
      invariant: 'accounted',
      subject: `command ${commandId} of ${connectorId}`,
      detail: `no event stands for the dead letter at ${partition}@${offset}`,
      event: { connectorId, messageId },
    };
  }
}

export function* findAppliedOtherwise({ expected, replays, observed }: Evidence): Iterable<Finding> {
  for (const [commandId, executions] of executionsOf(observed)) {
    const wanted = expected.commandsById.get(commandId);
    const [delivery] = replays.deliveries.get(commandId) ?? [];
    const times = `${executions.length} times`;
    if (wanted !== undefined && executions.length > 1) {
      yield about(wanted, 'applied-once', `the API has executed it ${times}`);
    } else if (delivery !== undefined && executions.length > 1) {
      yield about(delivery, 'applied-once', `the API has executed it ${times} for replay ${delivery.replay.id}`);
    } else if (wanted === undefined && delivery === undefined) {
      const { connectorId, kind, userId, accountId } = executions[0]!;
      const subject = `${kind} ${commandId} of ${connectorId}, ${userId ?? accountId ?? 'a visitor'}`;
      yield { invariant: 'applied-once', subject, detail: 'the API has executed it, and no event stands for it' };
    }
  }
}

/** For each key and partition of the command topic, first executions have the order of the topic. */
export function* findCallsOutOfOrder({ expected, observed }: Evidence): Iterable<Finding> {
  const executions = executionsBeforeReadAgain(observed);
  const dead = deadCommandIds(observed);
  const last = new Map<string, { readonly sequence: number; readonly commandId: string }>();
  const seen = new Set<string>();
  for (const { commandId, partition, offset } of inOrder(observed.topics.commands)) {
    const wanted = expected.commandsById.get(commandId);
    const [execution] = executions.get(commandId) ?? [];
    if (wanted === undefined || execution === undefined || seen.has(commandId)) continue;
    seen.add(commandId);
    // What was given up at its first record and delivered at a later one, of an event that was repeated, has that one's
    // turn.
    if (dead.has(commandId)) continue;
    const line = `${partition} ${wanted.key}`;
    const before = last.get(line);
    const { sequence } = execution;
    if (before === undefined || before.sequence < sequence) last.set(line, { sequence, commandId });
    else {
      const detail = `the command at ${partition}@${offset} was executed as number ${sequence}, before ${before.commandId} (number ${before.sequence}), which stands before it on the topic`;
      yield about(wanted, 'order-by-key', detail);
    }
  }
}

export function deadCommandIds({ topics }: Observed): ReadonlySet<string | undefined> {
  return new Set(topics.commandDeadLetters.map(({ commandId }) => commandId));
}

export function about(
  { command, key }: Pick<ExpectedCommand, 'command' | 'key'>,
  invariant: Finding['invariant'],
  detail: string,
): Finding {
  const { commandId, connectorId, messageId } = command.record;
  const subject = `${command.kind} ${commandId} of ${key}`;
  return { invariant, subject, detail, event: { connectorId, messageId } };
}
