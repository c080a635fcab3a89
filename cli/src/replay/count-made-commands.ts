/** The commands that were made of events before, as they stand on `astrolabe.commands.v1`. */
import { headerNames, headerText, type ConsumedRecord } from '@astrolabe/records';
import { readSpans, spansOf, type Cluster } from '../cluster.ts';
import { commandIdOf, type KnownDeliveries } from './known-deliveries.ts';

export interface MadeCommands {
  /** Each once, however often it stands on the topic. */
  readonly commandsMade: number;
  /** Of these, what the ledger has as delivered. */
  readonly skippedByLedger: number;
  /** Events of which the topic has no command. */
  readonly eventsWithoutCommands: number;
}

/** Events to look for: what names them, and when the first was stored. */
export class EventNames {
  readonly names = new Set<string>();
  firstAtMs = Number.POSITIVE_INFINITY;

  add(event: ConsumedRecord): void {
    this.names.add(eventNameOf(event));
    this.firstAtMs = Math.min(this.firstAtMs, event.timestampMs);
  }
}

/** The mapper's clock may be behind that of whoever stored the events. */
const CLOCK_SKEW_MS = 3_600_000;
/** In one look into the ledger, which reads a partition of it whole. */
const LOOK_COMMANDS = 50_000;

/** Exact for what the topic holds: a command that has expired, or that other rules would make, is not among them. */
export async function countMadeCommands(
  cluster: Cluster,
  known: KnownDeliveries,
  events: EventNames,
  nowMs: number,
  signal: AbortSignal,
): Promise<MadeCommands> {
  if (events.names.size === 0) return { commandsMade: 0, skippedByLedger: 0, eventsWithoutCommands: 0 };
  const range = { toDatetime: events.firstAtMs - CLOCK_SKEW_MS };
  const spans = await spansOf(cluster, cluster.topics.commands.name, range, nowMs);
  const idsByPartition = new Map(spans.map(({ partition }) => [partition, new Set<string>()]));
  const withCommands = new Set<string>();
  await readSpans(cluster, spans, signal, (records) => {
    for (const record of records) {
      const commandId = commandIdOf(record);
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
    for (let from = 0; from < all.length; from += LOOK_COMMANDS) {
      const found = await known.find(partition, all.slice(from, from + LOOK_COMMANDS), signal);
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
