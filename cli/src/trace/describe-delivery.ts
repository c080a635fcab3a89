/** An entry of the delivery ledger as a line, or as JSON. */
import type { Delivery } from '@astrolabe/ledger';

/** `partition` is that of the command, and of the ledger. */
export interface DescribedDelivery extends Delivery {
  readonly topic: string;
  readonly partition: number;
  /** Where `trace` knows that a replay forced the command: the id of this delivery. `commandId` is the command's own then. */
  readonly forcedId?: string | undefined;
}

/** `2026-11-24T10:00:00.000Z astrolabe.deliveries.v1 3:41 acme delivered 200 command <id>`; the offset is that of the command. */
export function toDeliveryLine(delivery: DescribedDelivery): string {
  const { atMs, topic, partition, offset, connectorId, outcome, status, commandId, forcedId } = delivery;
  const at = new Date(atMs).toISOString();
  const forced = forcedId === undefined ? '' : ` forced as ${forcedId}`;
  return `${at} ${topic} ${partition}:${offset} ${connectorId} ${outcome} ${status ?? '-'} command ${commandId}${forced}`;
}

/** One line of JSON. */
export function toDeliveryJson(delivery: DescribedDelivery): string {
  const { atMs, topic, partition, offset, connectorId, outcome, status, commandId, forcedId } = delivery;
  return JSON.stringify({
    role: 'delivery',
    topic,
    partition,
    commandOffset: Number(offset),
    connectorId,
    commandId,
    ...(forcedId === undefined ? {} : { forcedId }),
    outcome,
    ...(status === undefined ? {} : { status }),
    at: new Date(atMs).toISOString(),
  });
}
