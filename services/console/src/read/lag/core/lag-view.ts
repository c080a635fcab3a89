/** A lag snapshot as the API shows it, and as the history keeps it. Pure. */
import type { LagSnapshot, ServiceLag, TotalLag } from '@astrolabe/operations';
import type { LagValue } from '../../shapes/lag.ts';
import type { LagFigures, LagPoint } from './lag-history.ts';

export function toLagValue({ services }: LagSnapshot): LagValue {
  return {
    services: services.map((lag) => ({
      service: lag.service,
      groupId: lag.groupId,
      topic: lag.topic,
      total: figures(lag.total),
      partitions: lag.partitions.map((partition) => ({
        partition: partition.partition,
        committed: partition.committed?.toString(),
        endOffset: partition.endOffset.toString(),
        heldFrom: partition.heldFrom?.toString(),
        ...figures(partition),
      })),
      connectors: Object.entries(lag.total.byConnector)
        .map(([connector, records]) => ({ connector, records }))
        .toSorted((a, b) => b.records - a.records),
      held: lag.held.map(({ topic, partition, fromOffset, transactionalId }) => ({
        topic,
        partition,
        fromOffset: fromOffset.toString(),
        transactionalId,
      })),
      recreated: lag.recreated.map(({ partition, nextOffset }) => ({ partition, nextOffset: nextOffset.toString() })),
    })),
  };
}

export function toLagPoint({ atMs, services }: LagSnapshot): LagPoint {
  return {
    atMs,
    services: services.map((lag) => ({
      service: lag.service,
      total: kept(lag.total),
      partitions: byNumber(lag.partitions),
      byConnector: new Map(Object.entries(lag.total.byConnector)),
    })),
  };
}

function figures(lag: TotalLag) {
  return {
    records: lag.records,
    isEstimate: lag.isEstimate,
    behindSeconds: lag.behindMs / 1_000,
    inPerSecond: lag.inPerSecond,
    outPerSecond: lag.outPerSecond,
    catchUpSeconds: lag.catchUpMs === undefined ? undefined : lag.catchUpMs / 1_000,
    cursorRecords: lag.cursorRecords,
  };
}

function kept({ records, behindMs, inPerSecond, outPerSecond }: TotalLag): LagFigures {
  return { records, behindMs, inPerSecond, outPerSecond };
}

function byNumber(partitions: ServiceLag['partitions']): readonly LagFigures[] {
  return partitions.toSorted((a, b) => a.partition - b.partition).map(kept);
}
