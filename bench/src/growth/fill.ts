/**
 * What has grown, written straight to its topics in the product's own formats: through the services it would take
 * hours.
 */
import { randomBytes } from 'node:crypto';
import { encodeChunk, type Delivery } from '@astrolabe/ledger';
import { userStateCodec, userStateKey } from '@astrolabe/mapper/user-state';
import { partitionFor, type OutgoingRecord } from '@astrolabe/records';
import type { RunTopics } from '../run-topics.ts';
import type { GrowthSizes } from './sizes.ts';
import { EPOCH_MS, connectorOf, emailDomainOf, keyOf, userIdOf } from './traffic.ts';

const BATCH_RECORDS = 5_000;
/** About what a busy dispatcher stores together. */
const CHUNK_DELIVERIES = 100;
const ID_BYTES = 16;
const CHUNKS_AT_ONCE = 500;
const HOUR_MS = 3_600_000;
/** Within the ledger's window of 48 hours, so that all of them count. */
const OLDEST_MS = 44 * HOUR_MS;
const NEWEST_MS = HOUR_MS;

/** Users whose address the mapper remembers, as it stores them itself. */
export async function fillUsers(run: RunTopics, { users, connectors, partitions }: GrowthSizes): Promise<void> {
  for (let start = 0; start < users; start += BATCH_RECORDS) {
    const length = Math.min(BATCH_RECORDS, users - start);
    const records = Array.from({ length }, (_, index) => userRecord(start + index, connectors, partitions));
    await run.producer.send(run.topics.mapperState.name, records);
  }
}

function userRecord(user: number, connectors: number, partitions: number): OutgoingRecord {
  const connectorId = connectorOf(user, connectors);
  const userId = userIdOf(user);
  return {
    key: Buffer.from(userStateCodec.encodeKey(userStateKey(connectorId, userId))),
    value: userStateCodec.encode({ email: { domain: emailDomainOf(user), atMs: EPOCH_MS } }),
    headers: {},
    partition: partitionFor(keyOf(connectorId, userId), partitions),
  };
}

/** Deliveries of commands that nobody sends again, evenly over the partitions and the window. */
export async function fillLedger(run: RunTopics, { entries, connectors, partitions }: GrowthSizes): Promise<void> {
  const chunks = Math.ceil(entries / CHUNK_DELIVERIES);
  const nowMs = Date.now();
  for (let start = 0; start < chunks; start += CHUNKS_AT_ONCE) {
    const length = Math.min(CHUNKS_AT_ONCE, chunks - start);
    const records = Array.from({ length }, (_, index): OutgoingRecord => {
      const chunk = start + index;
      const atMs = Math.floor(nowMs - OLDEST_MS + ((OLDEST_MS - NEWEST_MS) * chunk) / chunks);
      const value = encodeChunk(deliveriesOf(chunk, atMs, connectors));
      return { key: null, value, headers: {}, partition: chunk % partitions };
    });
    await run.producer.send(run.topics.deliveries.name, records);
  }
}

function deliveriesOf(chunk: number, atMs: number, connectors: number): Delivery[] {
  const ids = randomBytes(CHUNK_DELIVERIES * ID_BYTES).toString('hex');
  return Array.from({ length: CHUNK_DELIVERIES }, (_, index) => ({
    commandId: ids.slice(index * 2 * ID_BYTES, (index + 1) * 2 * ID_BYTES),
    connectorId: connectorOf(index < CHUNK_DELIVERIES / 2 ? 0 : 2 * chunk + 1, connectors),
    outcome: 'delivered',
    status: 200,
    offset: BigInt(index),
    atMs,
  }));
}
