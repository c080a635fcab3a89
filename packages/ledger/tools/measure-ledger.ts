/**
 * Measures a ledger of one partition: disk, memory, the cost of a command, lookups, restart. With `--brokers`, also
 * restoring from a real changelog, on a topic that is deleted afterwards.
 *
 *     node --expose-gc packages/ledger/tools/measure-ledger.ts [--entries 10000000] [--chunk 100] [--brokers
 *     host:port,...] npm run with-stack -- sh -c 'node --expose-gc packages/ledger/tools/measure-ledger.ts --brokers
 *     $KAFKA_BROKERS'
 */
import { createHash, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createKafkaAdmin, createKafkaConnection, createPartitionReader, createRecordProducer } from '@astrolabe/kafka';
import {
  SharedLinger,
  createKafkaChangelog,
  encodeChunk,
  openPartitionLedger,
  type Delivery,
  type LedgerChangelog,
  type PartitionLedger,
} from '@astrolabe/ledger';
import { topicsFor } from '@astrolabe/records';
import { createLogger } from '@astrolabe/service-kit';
import type { Clock } from '@astrolabe/service-kit/clock';

const WINDOW_MS = 48 * 3_600_000;
const LOOKUPS = 100_000;

const { values } = parseArgs({
  options: {
    entries: { type: 'string', default: '10000000' },
    chunk: { type: 'string', default: '100' },
    brokers: { type: 'string' },
  },
});
const entries = Number(values.entries);
const chunkSize = Number(values.chunk);
const startedAtMs = Date.now() - WINDOW_MS + 60_000;
const stepMs = (WINDOW_MS - 120_000) / entries;

const logger = createLogger({ name: 'measure', level: 'warn' });
let nowMs = startedAtMs;
const clock: Clock = {
  nowMs: () => nowMs,
  monotonicMs: () => nowMs,
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};
const root = mkdtempSync(join(tmpdir(), 'astrolabe-ledger-'));

/** Acknowledges at once: what is left is the ledger's own work. */
function createNoChangelog(): LedgerChangelog {
  let next = 0n;
  let last: Buffer | undefined;
  return {
    append: (_partition, chunk) => {
      last = chunk;
      return Promise.resolve(next++);
    },
    read: async (_partition, { fromOffset }, onChunks) => {
      if (last !== undefined && fromOffset === next - 1n) await onChunks([{ offset: fromOffset, bytes: last }]);
      return next;
    },
    offsetSince: () => Promise.resolve(next),
  };
}

function open(directory: string, changelog: LedgerChangelog): Promise<PartitionLedger> {
  return openPartitionLedger({
    partition: 0,
    changelog,
    directory: join(root, directory),
    windowMs: WINDOW_MS,
    linger: new SharedLinger(clock, 0),
    clock,
    random: Math.random,
    logger,
  });
}

function commandId(index: number): string {
  return createHash('sha256').update(String(index)).digest('hex').slice(0, 32);
}

function deliveryAt(index: number): Delivery {
  const atMs = Math.floor(startedAtMs + index * stepMs);
  const connectorId = `connector-${index % 5}`;
  return { commandId: ids.at(index), connectorId, outcome: 'delivered', status: 200, offset: BigInt(index), atMs };
}

/** Ids are made beforehand, packed, so that neither their making nor their memory is measured with the ledger. */
const ids = {
  bytes: Buffer.alloc(0),
  at(index: number): string {
    if (this.bytes.length === 0) return commandId(index);
    return this.bytes.toString('hex', index * 16, index * 16 + 16);
  },
};

function say(what: string, value: string): void {
  process.stdout.write(`${what.padEnd(58)} ${value}\n`);
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;
const each = (ms: number, count: number): string =>
  `${((ms * 1_000) / count).toFixed(2)} µs of CPU each (${Math.round((count / ms) * 1_000).toLocaleString('en')}/s)`;

function rss(): number {
  (globalThis as { gc?: () => void }).gc?.();
  return process.memoryUsage.rss();
}

/**
 * CPU time of the process in milliseconds: unlike the time on the wall it is the same on a machine that others use too.
 */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

async function timed(action: () => Promise<void> | void): Promise<{ readonly wallMs: number; readonly cpuMs: number }> {
  const wallStart = performance.now();
  const cpuStart = cpuMs();
  await action();
  return { wallMs: performance.now() - wallStart, cpuMs: cpuMs() - cpuStart };
}

function measureLookups(ledger: PartitionLedger): void {
  const misses = Array.from({ length: LOOKUPS }, (_, index) => commandId(entries + index));
  const inOrder = Array.from({ length: LOOKUPS }, (_, index) => ids.at(index % entries));
  const scattered = Array.from({ length: LOOKUPS }, () => ids.at(Math.floor(Math.random() * entries)));
  for (const [name, asked, expected] of [
    ['lookups, misses', misses, false],
    ['lookups, hits in the order of delivery (a replay)', inOrder, true],
    ['lookups, hits anywhere', scattered, true],
  ] as const) {
    const start = cpuMs();
    let wrong = 0;
    for (const id of asked) if ((ledger.lookup(id) !== undefined) !== expected) wrong += 1;
    say(name, each(cpuMs() - start, asked.length));
    if (wrong > 0) throw new Error(`${wrong} of ${asked.length} ${name} are wrong`);
  }
}

async function measureLocal(): Promise<void> {
  const changelog = createNoChangelog();
  say('resident memory before the ledger', megabytes(rss()));
  let ledger = await open('local', changelog);
  await ledger.restore();
  let lookupMs = 0;
  let otherMs = 0;
  const filling = await timed(async () => {
    for (let at = 0; at < entries; at += chunkSize) {
      const start = cpuMs();
      const chunk = Array.from({ length: Math.min(chunkSize, entries - at) }, (_, index) => deliveryAt(at + index));
      nowMs = chunk[0]?.atMs ?? nowMs;
      const made = cpuMs();
      otherMs += made - start;
      for (const { commandId: id } of chunk) ledger.lookup(id);
      lookupMs += cpuMs() - made;
      let recorded = Promise.resolve();
      for (const delivery of chunk) recorded = ledger.record(delivery);
      await recorded;
    }
  });
  nowMs = startedAtMs + WINDOW_MS - 60_000;
  const { entries: held, segments, diskBytes, memoryBytes } = ledger.stats();
  say('entries, segments', `${held.toLocaleString('en')}, ${segments}`);
  say('lookup (a miss) and record', each(filling.cpuMs - otherMs, entries));
  say('   of which the lookup', each(lookupMs, entries));
  say('disk', megabytes(diskBytes));
  say('memory of tables and cache', megabytes(memoryBytes));
  say('resident memory, garbage included', megabytes(rss()));
  const { heapUsed, external } = process.memoryUsage();
  say('   of which in use', megabytes(heapUsed + external));
  measureLookups(ledger);
  await ledger.close();
  const opening = await timed(async () => {
    ledger = await open('local', changelog);
    await ledger.restore();
  });
  say('restart on the same disk', `${(opening.wallMs / 1_000).toFixed(2)} s, ${each(opening.cpuMs, entries)}`);
  say('memory of tables after it', megabytes(ledger.stats().memoryBytes));
  await ledger.close();
}

async function measureRestore(brokers: readonly string[]): Promise<void> {
  const connection = createKafkaConnection({ brokers: [...brokers], clientId: 'measure-ledger', logger });
  const definition = { ...topicsFor(`measure-${randomUUID()}-`).deliveries, partitions: 1 };
  const admin = await createKafkaAdmin(connection);
  await admin.applyTopics(await admin.planTopics([definition], 1));
  const producer = await createRecordProducer({ connection, logger });
  const reader = createPartitionReader({ connection });
  try {
    const changelog = createKafkaChangelog({ topic: definition.name, producer, reader, admin });
    const filling = await timed(async () => {
      let underWay: Promise<unknown>[] = [];
      for (let at = 0; at < entries; at += chunkSize) {
        const count = Math.min(chunkSize, entries - at);
        underWay.push(changelog.append(0, encodeChunk(Array.from({ length: count }, (_, i) => deliveryAt(at + i)))));
        if (underWay.length < 2_000) continue;
        await Promise.all(underWay);
        underWay = [];
      }
      await Promise.all(underWay);
    });
    say('changelog filled', each(filling.cpuMs, entries));
    const ledger = await open('restored', changelog);
    const restoring = await timed(() => ledger.restore());
    const restoreRate = Math.round((entries / restoring.wallMs) * 1_000).toLocaleString('en');
    say('restored from the changelog', `${(restoring.wallMs / 1_000).toFixed(2)} s, ${restoreRate}/s`);
    say('   its CPU time', each(restoring.cpuMs, entries));
    if (ledger.stats().entries !== entries) throw new Error(`restored ${ledger.stats().entries} of ${entries}`);
    say('resident memory after it', megabytes(rss()));
    await ledger.close();
    const again = await timed(async () => {
      const reopened = await open('restored', changelog);
      await reopened.restore();
      await reopened.close();
    });
    say('restart on the same disk, changelog and all', `${(again.wallMs / 1_000).toFixed(2)} s`);
  } finally {
    await admin.deleteTopics([definition.name]);
    await reader.close();
    await producer.close();
    await admin.close();
  }
}

try {
  say('chunk', `${chunkSize} deliveries`);
  await measureLocal();
  if (values.brokers !== undefined) {
    ids.bytes = Buffer.alloc(entries * 16);
    for (let index = 0; index < entries; index += 1) ids.bytes.write(commandId(index), index * 16, 'hex');
    nowMs = startedAtMs + WINDOW_MS - 60_000;
    await measureRestore(values.brokers.split(','));
  }
} finally {
  rmSync(root, { recursive: true, force: true });
}
