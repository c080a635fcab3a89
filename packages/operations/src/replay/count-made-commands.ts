/** The commands that were made of events before, as they are on `astrolabe.commands.v1`. */
import { headerNames, headerText, type ConsumedRecord } from '@astrolabe/records';
import type { Cluster } from '../cluster/cluster.ts';
import { readSpans, spansSince } from '../cluster/spans.ts';
import { readCommandId } from '../core/record-ids.ts';
import type { MadeCommands } from './core/forecast.ts';
import type { KnownDeliveries } from './known-deliveries.ts';

/** Events to look for: their names, and when the first was stored. */
export class EventNames {
  readonly names = new Set<string>();
  firstAtMs = Number.POSITIVE_INFINITY;

  add(event: ConsumedRecord): void {
    this.names.add(eventNameOf(event));
    this.firstAtMs = Math.min(this.firstAtMs, event.timestampMs);
  }
}

/** The mapper's clock may be behind that of the machine that stored the events. */
const CLOCK_SKEW_MS = 3_600_000;
/** In one lookup in the ledger, which reads a whole partition of it. */
const LOOKUP_COMMANDS = 50_000;

/** Exact for what the topic has: commands that have expired, or that other rules would make, are not counted. */
export async function countMadeCommands(
  cluster: Pick<Cluster, 'admin' | 'reader' | 'topics'>,
  known: KnownDeliveries,
  events: EventNames,
  signal: AbortSignal,
): Promise<MadeCommands> {
  if (events.names.size === 0) return { commandsMade: 0, skippedByLedger: 0, eventsWithoutCommands: 0 };
  const spans = await spansSince(cluster, cluster.topics.commands.name, events.firstAtMs - CLOCK_SKEW_MS);
  const idsByPartition = new Map(spans.map(({ partition }) => [partition, new Set<string>()]));
  const withCommands = new Set<string>();
  await readSpans(cluster, spans, signal, (records) => {
    for (const record of records) {
      const commandId = readCommandId(record);
      const name = eventNameOf(record);
      if (commandId === undefined || !events.names.has(name)) continue;
      withCommands.add(name);
      idsByPartition.get(record.partition)?.add(commandId);
    }
  });
  const made = new Set<string>();
  const skipped = new Set<string>();
  for (const [partition, ids] of idsByPartition) {
    const all = [...ids];
    for (const id of all) made.add(id);
    for (let from = 0; from < all.length; from += LOOKUP_COMMANDS) {
      const found = await known.find(partition, all.slice(from, from + LOOKUP_COMMANDS), signal);
      for (const id of found) skipped.add(id);
    }
  }
  return {
    commandsMade: made.size,
    skippedByLedger: skipped.size,
    eventsWithoutCommands: events.names.size - withCommands.size,
  };
}

function eventNameOf(record: ConsumedRecord): string {
  return JSON.stringify([headerText(record, headerNames.connectorId), headerText(record, headerNames.messageId)]);
}
