/** What removes a replay from the topic, with all that was written of it. Pure. */
import { partitionsOf, removalRecord, type PlacedRecord, type ReplayOrder } from '@astrolabe/replay';

export function removalRecords(order: ReplayOrder): PlacedRecord[] {
  const { id } = order;
  return [
    removalRecord({ kind: 'order', id }),
    ...partitionsOf(order).map((partition) =>
      removalRecord({
        kind: order.request.source === 'events' ? 'mapper-progress' : 'dispatcher-progress',
        id,
        partition,
      }),
    ),
  ];
}
