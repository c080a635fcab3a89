/** Everything that was found of an id, in the order in which it came about. Pure. */
import type { Topics } from '@astrolabe/kafka';
import { toJson } from '../output.ts';
import { deliveryJson, deliveryLine } from '../tail/describe-delivery.ts';
import { toJsonLine, toLine, type DescribedRecord } from '../tail/describe-record.ts';
import { explainWaiting } from './command-ending.ts';
import type { Endings } from './find-endings.ts';

export interface Station {
  /** Epoch milliseconds; undefined of what has not ended. */
  readonly atMs: number | undefined;
  readonly line: string;
  readonly json: string;
}

/** An answer comes after its command, and a dead letter before its entry in the ledger. */
const ranks = { event: 0, command: 1, 'dead letter': 2 } as const;
const DELIVERY_RANK = 3;

/** Records and deliveries by their time, then what waits. */
export function describeStations(
  records: readonly DescribedRecord[],
  { deliveries, waiting }: Endings,
  topics: Topics,
): Station[] {
  const past = [
    ...records.map((record) => ({
      rank: ranks[record.role],
      atMs: record.timestampMs,
      line: toLine(record),
      json: toJsonLine(record),
    })),
    ...deliveries.map((delivery) => {
      const described = { ...delivery, topic: topics.deliveries.name };
      return {
        rank: DELIVERY_RANK,
        atMs: delivery.atMs,
        line: deliveryLine(described),
        json: deliveryJson(described),
      };
    }),
  ].toSorted((a, b) => a.atMs - b.atMs || a.rank - b.rank);
  return [
    ...past.map(({ atMs, line, json }) => ({ atMs, line, json })),
    ...waiting.map((each): Station => {
      const { command } = each;
      const why = explainWaiting(each);
      const place = `${topics.commands.name} ${command.partition}:${command.offset}`;
      return {
        atMs: undefined,
        line: `now ${place} ${command.connectorId} command ${command.commandId} ${why}`,
        json: toJson({
          role: 'waiting',
          topic: topics.commands.name,
          ...command,
          because: each.kind,
          ...(each.kind === 'lags' ? { cursor: each.cursor } : { dispatcherOffset: each.nextOffset }),
          message: why,
        }),
      };
    }),
  ];
}
