/** The mapper's own process on a real broker, with more users on its changelog topic than its heap has room for. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { createRecordProducer } from '@astrolabe/kafka';
import type { OutgoingRecord } from '@astrolabe/records';
import { createLogger } from '@astrolabe/service-kit';
import { launchService, spawnService } from '@astrolabe/testkit';
import { prepareMapper } from './mapper-on-broker.ts';

/** Room for some 200,000 users. */
const HEAP_MIB = 96;
const USERS = 300_000;
const PARTITIONS = 6;
const BATCH = 10_000;
const entry = new URL('../../services/mapper/src/main.ts', import.meta.url);
const silent = createLogger({ name: 'mapper-small-heap', level: 'silent' });

/** As the mapper stores an address that it has learned. */
function userRecord(index: number): OutgoingRecord {
  const id = randomBytes(16).toString('base64url');
  return {
    key: Buffer.from(JSON.stringify(['acme', 'user-sha256', id])),
    value: Buffer.from(JSON.stringify({ email: { domain: 'company.example', atMs: 1_772_366_400_000 + index } })),
    headers: {},
    partition: index % PARTITIONS,
  };
}

test(
  'a mapper whose partitions hold more users than its heap has room for stops with a clear fault before V8 ends it',
  { timeout: 180_000 },
  async (t) => {
    const { connection, topics, env } = await prepareMapper(t, 'small-heap', [
      { id: 'acme', name: 'Acme', apiKey: 'apikey0acme', freeEmailProviders: 'block' },
    ]);
    const producer = await createRecordProducer({ connection, logger: silent });
    t.after(() => producer.close());
    for (let start = 0; start < USERS; start += BATCH) {
      const records = Array.from({ length: BATCH }, (_, index) => userRecord(start + index));
      await producer.send(topics.mapperState.name, records);
    }

    const small = await launchService({
      name: 'mapper with a small heap',
      entry,
      env: { ...env, NODE_OPTIONS: `--max-old-space-size=${HEAP_MIB}` },
    });
    t.after(() => small.kill('SIGKILL'));
    assert.deepEqual(await small.exited, { code: 1, signal: null });
    const faults = small.records().filter(({ level }) => level === 'fatal');
    const [fault] = faults.map(({ err }) => err as { readonly code?: string; readonly message?: string });
    assert.equal(fault?.code, 'mapper.state-too-large');
    const asked = /--max-old-space-size in NODE_OPTIONS above (\d+)/.exec(fault.message ?? '')?.[1];
    assert.ok(Number(asked) > HEAP_MIB, fault.message);

    const large = await spawnService({ name: 'mapper', entry, env });
    t.after(() => large.stop());
  },
);
