/** A command that an earlier replay made of an event and forced. */
import { toHeaders, type ConsumedRecord } from '@astrolabe/records';

export const record: ConsumedRecord = {
  topic: 'commands',
  partition: 3,
  offset: 41n,
  timestampMs: 0,
  key: Buffer.from('key'),
  value: Buffer.from([0, 255]),
  headers: toHeaders({ 'connector-id': 'acme', 'replay-id': 'old', 'replay-force': '1', 'replay-from': 'events:0:1' }),
};
