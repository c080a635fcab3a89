/**
 * What replays may deliver. What they made of events is read from their topic, as only it knows when they came to each;
 * whether it is what the event means is a check.
 */
import type { Command } from '@astrolabe/schemas';
import { inOrder, type ExpectedRun } from '../expected-run.ts';
import type { CommandRecord, ObservedReplay, ObservedTopics, Position } from '../observed.ts';
import { forcedIdOf, keyOfCommand } from '../segment-meaning.ts';

/** A command that a replay may deliver, as the record has it that it reads. */
export interface ReplayedDelivery {
  readonly replay: ObservedReplay;
  /** Key of its calls. */
  readonly deliveryId: string;
  readonly command: Command;
  readonly key: string;
  /** On the topic that the dispatcher reads. */
  readonly position: Position;
}

export interface ExpectedReplays {
  /** Those with an id that no live command has, by their ids: in the order of their partitions and offsets. */
  readonly deliveries: ReadonlyMap<string, readonly ReplayedDelivery[]>;
}

export function expectReplays(
  replays: readonly ObservedReplay[],
  topics: Pick<ObservedTopics, 'commands' | 'replayedCommands'>,
  { commandsById }: Pick<ExpectedRun, 'commandsById'>,
): ExpectedReplays {
  const deliveries = new Map<string, ReplayedDelivery[]>();
  const made = Map.groupBy(topics.replayedCommands, ({ replayId }) => replayId);
  for (const replay of replays) {
    const records: readonly CommandRecord[] =
      replay.source === 'events'
        ? (made.get(replay.id) ?? [])
        : topics.commands.filter((record) => isInSpans(record, replay) && isOfReplay(record, replay));
    for (const { command, commandId, partition, offset } of inOrder(records)) {
      if (command === undefined) continue;
      const deliveryId = replay.isForced ? forcedIdOf(replay.id, commandId) : commandId;
      if (commandsById.has(deliveryId)) continue;
      const key = keyOfCommand(command);
      const delivery = { replay, deliveryId, command, key, position: { partition, offset } };
      const others = deliveries.get(deliveryId);
      if (others === undefined) deliveries.set(deliveryId, [delivery]);
      else others.push(delivery);
    }
  }
  return { deliveries };
}

export function isInSpans({ partition, offset }: Position, { spans }: ObservedReplay): boolean {
  return spans.some((span) => span.partition === partition && offset >= span.fromOffset && offset < span.endOffset);
}

/** Whether the replay has read the record, as it says. */
export function wasRead(position: Position, replay: ObservedReplay): boolean {
  const span = replay.spans.find(({ partition }) => partition === position.partition);
  return isInSpans(position, replay) && span?.nextOffset !== undefined && position.offset < span.nextOffset;
}

/** Whether its filter lets the record through. */
export function isOfReplay(
  { connectorId }: { readonly connectorId: string },
  { connectorIds }: Pick<ObservedReplay, 'connectorIds'>,
): boolean {
  return connectorIds?.includes(connectorId) ?? true;
}
