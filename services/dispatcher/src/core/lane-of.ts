import { headerNames, headerText, keyText, type ConsumedRecord } from '@astrolabe/records';

/**
 * The lane of a command record: its key, which names the user or account that it changes. Records without a key, which
 * only foreign producers write, share one lane.
 */
export function laneOf(record: Pick<ConsumedRecord, 'key' | 'encoded'>): string {
  return keyText(record) ?? '';
}

/**
 * The connector of a command record, by its header: known before the value is decoded. Empty where a foreign producer
 * gave none.
 */
export function connectorOf(record: Pick<ConsumedRecord, 'headers' | 'encoded'>): string {
  return headerText(record, headerNames.connectorId) ?? '';
}
