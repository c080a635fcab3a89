/**
 * Of the dispatcher: what replays deliver. By force each command once more, in order for each key; without force only
 * what was never delivered.
 */
import type { Evidence } from '../evidence.ts';
import type { Arrival, ObservedReplay } from '../observed.ts';
import { isInSpans, isOfReplay, type ReplayedDelivery } from '../replays/expected-replays.ts';
import type { Finding } from '../violation.ts';
import { about, executionsBeforeReadAgain } from './delivered.ts';

export function* findReplaysUndelivered({ replays, observed }: Evidence): Iterable<Finding> {
  const executions = executionsBeforeReadAgain(observed);
  const dead = new Set(observed.topics.commandDeadLetters.map(({ commandId }) => commandId));
  for (const [deliveryId, deliveries] of replays.deliveries) {
    const [first] = deliveries;
    const finished = deliveries.find(({ replay }) => replay.phase === 'finished');
    if (first === undefined || finished === undefined || executions.has(deliveryId)) continue;
    if (dead.has(first.command.record.commandId)) continue;
    const detail = `replay ${finished.replay.id} is finished, and the API has not executed it`;
    yield about(finished, 'accounted', detail);
  }
}

/** First executions of a replay's deliveries have the order of the topic that it reads, for each key and partition. */
export function* findReplaysOutOfOrder({ replays, observed }: Evidence): Iterable<Finding> {
  const executions = executionsBeforeReadAgain(observed);
  const byReplay = new Map<string, ReplayedDelivery[]>();
  for (const [first] of replays.deliveries.values()) {
    if (first?.replay.isForced !== true) continue;
    const others = byReplay.get(first.replay.id);
    if (others === undefined) byReplay.set(first.replay.id, [first]);
    else others.push(first);
  }
  for (const deliveries of byReplay.values()) {
    const last = new Map<string, number>();
    for (const delivery of deliveries) {
      const { deliveryId, key, position, replay } = delivery;
      const [execution] = executions.get(deliveryId) ?? [];
      if (execution === undefined) continue;
      const line = `${position.partition} ${key}`;
      const before = last.get(line) ?? 0;
      if (execution.sequence > before) {
        last.set(line, execution.sequence);
        continue;
      }
      const detail = `replay ${replay.id} executed the command at ${position.partition}@${position.offset} as number ${execution.sequence}, before number ${before}, which stands before it`;
      yield about(delivery, 'order-by-key', detail);
    }
  }
}

/** From the API's execution to the dispatcher's record of it: an answer that is lost, and a process that is frozen. */
const RECORDED_AFTER_MS = 30_000;

/**
 * Without force, what a replay counts as delivered or as executed before was not in the ledger when it came to it. A
 * replay of commands reads the live records, so it counts what was delivered live since its start as its own.
 */
export function* findReplaysOfKnown({ expected, replays, observed }: Evidence): Iterable<Finding> {
  const lastArrivals = new Map<string, Arrival>();
  for (const arrival of observed.arrivals) lastArrivals.set(arrival.commandId, arrival);
  for (const replay of observed.replays) {
    if (replay.isForced) continue;
    const own = newCommandsOf(replay, replays.deliveries);
    const isRecent = (commandId: string): boolean =>
      (lastArrivals.get(commandId)?.atMs ?? 0) >= replay.startedAtMs - RECORDED_AFTER_MS;
    const recent =
      replay.source === 'events'
        ? []
        : observed.topics.commands.filter(
            (record) =>
              isInSpans(record, replay) &&
              isOfReplay(record, replay) &&
              expected.commandsById.has(record.commandId) &&
              isRecent(record.commandId),
          );
    const { delivered, duplicate } = replay.counts;
    const most = own.size + recent.length;
    if (delivered + duplicate <= most) continue;
    yield {
      invariant: 'remembered',
      subject: `replay ${replay.id} of ${replay.source}`,
      detail: `it counts ${delivered} as delivered and ${duplicate} as executed before, and at most ${most} were not known when it came to them`,
    };
  }
}

function newCommandsOf(
  { id }: ObservedReplay,
  deliveries: ReadonlyMap<string, readonly ReplayedDelivery[]>,
): ReadonlySet<string> {
  const own = new Set<string>();
  for (const [deliveryId, each] of deliveries) if (each.some(({ replay }) => replay.id === id)) own.add(deliveryId);
  return own;
}
