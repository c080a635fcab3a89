/** An entry of the delivery ledger as a line, and as JSON. */
import type { Delivery } from '@astrolabe/ledger';
import { toJson } from '../output.ts';

/** `topic` is the ledger's, `partition` the command's, which is the same number on both topics. */
export interface DescribedDelivery extends Delivery {
  readonly topic: string;
  readonly partition: number;
}

/** `2026-03-01T10:00:00.000Z astrolabe.deliveries.v1 3 acme delivered 200 command 6f0c... at 3:41`. */
export function deliveryLine(delivery: DescribedDelivery): string {
  const { atMs, topic, partition, connectorId, outcome, status, commandId, offset } = delivery;
  return [
    new Date(atMs).toISOString(),
    topic,
    partition,
    connectorId,
    outcome,
    status ?? '-',
    `command ${commandId}`,
    `at ${partition}:${offset}`,
  ].join(' ');
}

/** `offset` is that of the command on its topic. */
export function deliveryJson({ atMs, ...delivery }: DescribedDelivery): string {
  return toJson({ role: 'delivery', ...delivery, at: new Date(atMs).toISOString() });
}
