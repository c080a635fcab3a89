/** A trace as lines in the order of time, for people and for scripts. */
import { describeWait, type Trace } from '@astrolabe/operations';
import { formatDuration } from '@astrolabe/operations/quantities';
import { toDeliveryJson, toDeliveryLine, toRecordJson, toRecordLine } from '../record-lines.ts';

export interface TraceLine {
  readonly line: string;
  readonly json: string;
  /** What else is known, for people: why a command has not been delivered. */
  readonly notes: readonly string[];
}

/** Records and ledger entries in the order of their times, each with the time since the one before. */
export function traceLines({ hops, deliveries, waits }: Trace): TraceLine[] {
  const records = hops.map((hop) => {
    const wait = waits.get(hop);
    const text = wait === undefined ? undefined : describeWait(wait);
    return {
      timestampMs: hop.timestampMs,
      line: toRecordLine(hop),
      json: toRecordJson(hop, text === undefined ? {} : { waits: text }),
      notes: text === undefined ? [] : [text],
    };
  });
  const entries = deliveries.map((delivery) => ({
    timestampMs: delivery.atMs,
    line: toDeliveryLine(delivery),
    json: toDeliveryJson(delivery),
    notes: [],
  }));
  let beforeMs: number | undefined;
  return [...records, ...entries]
    .toSorted((a, b) => a.timestampMs - b.timestampMs)
    .map(({ timestampMs, line, ...rest }) => {
      const later = beforeMs === undefined ? '' : ` (+${formatDuration(timestampMs - beforeMs)})`;
      beforeMs = timestampMs;
      return { ...rest, line: `${line}${later}` };
    });
}
