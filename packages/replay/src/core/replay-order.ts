/** What a replay is to do. Written by the command line only, and obeyed by the owners of the partitions. Pure. */
import type { JsonFields } from './json-fields.ts';
import type { ReplayRequest } from './replay-request.ts';

/** Part of a partition of the source topic. Fixed when the replay is started: what is written later is not in it. */
export interface ReplaySpan {
  readonly partition: number;
  readonly fromOffset: bigint;
  /** The first offset that is not read. */
  readonly endOffset: bigint;
}

export type WantedState = 'run' | 'pause' | 'cancel';

export interface ReplayOrder {
  readonly id: string;
  readonly request: ReplayRequest;
  /** Epoch milliseconds. */
  readonly startedAtMs: number;
  /** By partition, then offset; those of a partition are disjoint. None is empty. */
  readonly spans: readonly ReplaySpan[];
  /** Ids of the topics that the offsets refer to, by name. Empty where the brokers give none. */
  readonly topicIds: Readonly<Record<string, string>>;
  readonly wanted: WantedState;
  /** When `wanted` or `recordsPerSecond` was last changed, or the start. Epoch milliseconds, and higher each time. */
  readonly changedAtMs: number;
  /** The most matching records in a second, over all partitions. Undefined: whatever live traffic leaves. */
  readonly recordsPerSecond?: number;
}

/** Orders of version 1 (a record whose key is the id) are another thing: `replay-record.ts` tells them apart. */
export const ORDER_FORMAT = 2;

/** Throws on what `toStoredOrder` did not make. */
export function readOrder(fields: JsonFields): ReplayOrder {
  if (fields.value('format') !== ORDER_FORMAT) throw new Error(`its format is not ${ORDER_FORMAT}`);
  const request = fields.object('request');
  request.oneOf('source', ['events', 'commands']);
  const topicIds = fields.object('topicIds');
  const spans = fields.list('spans').map((span): ReplaySpan => ({
    partition: span.number('partition'),
    fromOffset: span.offset('fromOffset'),
    endOffset: span.offset('endOffset'),
  }));
  return {
    id: fields.text('id'),
    request: fields.value('request') as ReplayRequest,
    startedAtMs: fields.number('startedAtMs'),
    spans: spans.toSorted((a, b) => a.partition - b.partition || (a.fromOffset < b.fromOffset ? -1 : 1)),
    topicIds: Object.fromEntries(topicIds.names.map((name) => [name, topicIds.text(name)])),
    wanted: fields.oneOf('wanted', ['run', 'pause', 'cancel']),
    changedAtMs: fields.number('changedAtMs'),
    ...(fields.value('recordsPerSecond') !== undefined && { recordsPerSecond: fields.number('recordsPerSecond') }),
  };
}

export function toStoredOrder(order: ReplayOrder): object {
  return { format: ORDER_FORMAT, ...order };
}

/**
 * Whether the spans are of the topic as it is now: offsets of a topic that was deleted and created again are others.
 * True where one of the ids is not known.
 */
export function isOfTopic({ topicIds }: ReplayOrder, topic: string, currentId: string | undefined): boolean {
  const storedId = topicIds[topic];
  return storedId === undefined || currentId === undefined || storedId === currentId;
}
