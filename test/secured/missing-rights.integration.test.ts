/**
 * Each right of the table is taken from a running service, and from one that starts: it says which user lacks what on
 * what, is not ready, does not fill its log, and goes on by itself once the right is granted.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test, type TestContext } from 'node:test';
import { createKafkaAdmin, createRecordProducer, createSchemaRegistry } from '@astrolabe/kafka';
import { toHeaders, topicsFor, type RecordProducer } from '@astrolabe/records';
import { commandSchemasIn } from '@astrolabe/records/serde';
import { createLogger } from '@astrolabe/service-kit';
import { allow, disallow } from './access-rules.ts';
import { connectAs, startSecuredKafka, type SecuredKafka } from './secured-kafka.ts';
import { singlesOf, type SingleRight } from './single-rights.ts';
import { startService, type ServiceName, type StartedService } from './started-service.ts';

const topics = topicsFor('', 1);
const logger = createLogger({ name: 'rights', level: 'silent' });
let kafka: SecuredKafka;
let producer: RecordProducer;
let connectorsFile: string;
const closings: (() => Promise<unknown>)[] = [];

before(async () => {
  kafka = await startSecuredKafka();
  closings.push(() => kafka.stop());
  const connection = kafka.superuser;
  const admin = await createKafkaAdmin(connection);
  await admin.applyTopics(await admin.planTopics(Object.values(topics), 1));
  await admin.close();
  await commandSchemasIn(createSchemaRegistry({ url: kafka.stack.schemaRegistryUrl })).apply(topics.commands.name);
  producer = await createRecordProducer({ connection, logger });
  closings.push(() => producer.close());
  connectorsFile = await kafka.write(
    'connectors.json',
    JSON.stringify({ connectors: [{ id: 'acme', name: 'Acme', apiKey: 'rights-key' }] }),
  );
});
after(async () => {
  for (const close of closings.toReversed()) await close();
});

const grant = (given: readonly SingleRight[]) =>
  allow(
    kafka.superuser,
    given.flatMap(({ acl }) => acl),
  );
const revoke = (taken: readonly SingleRight[]) =>
  disallow(
    kafka.superuser,
    taken.flatMap(({ acl }) => acl),
  );

async function start(t: TestContext, service: ServiceName): Promise<StartedService> {
  const registry = { SCHEMA_REGISTRY_URL: kafka.stack.schemaRegistryUrl };
  const own = {
    ingest: { INGEST_PORT: '0', INGEST_DRAIN_MS: '0' },
    mapper: registry,
    dispatcher: {
      ...registry,
      DISPATCHER_API_URL: 'http://127.0.0.1:9',
      DISPATCHER_LEDGER_DIRECTORY: join(kafka.folder, 'ledger'),
    },
  };
  return startService(t, service, {
    ...(await connectAs(kafka, service)),
    CONNECTORS_FILE: connectorsFile,
    ...own[service],
  });
}

let events = 0;
async function sendEvent(): Promise<void> {
  events += 1;
  const messageId = `m${events}`;
  await producer.send(topics.segmentEvents.name, [
    {
      key: Buffer.from('["acme","user","u1"]'),
      value: Buffer.from(JSON.stringify({ type: 'identify', userId: 'u1', messageId, traits: { n: events } })),
      headers: toHeaders({
        'connector-id': 'acme',
        'message-id': messageId,
        'received-at': '2026-11-24T10:00:00.000Z',
      }),
    },
  ]);
}

// Side by side: each service has rights of its own, and most of the time is spent waiting for what it says.
describe('rights', { concurrency: 3 }, () => {
  for (const service of ['ingest', 'mapper', 'dispatcher'] as const) {
    const rights = singlesOf(service);
    describe(service, { concurrency: 1 }, () => {
      test(`${service} tells each right that is taken from it, is not ready, and goes on when it is granted`, async (t) => {
        await grant(rights);
        t.after(() => revoke(rights));
        const started = await start(t, service);
        await started.serving;
        await started.untilReady();
        for (const right of rights) {
          const from = started.lines.length;
          await revoke([right]);
          if (service === 'mapper') await sendEvent();
          await started.untilTold(right.told);
          const warnings = started.lines.slice(from).filter(({ level }) => level === 'warn' || level === 'error');
          assert.ok(
            warnings.length <= 6,
            `${right.told.source}: ${warnings.map((line) => JSON.stringify(line)).join('\n')}`,
          );
          await grant([right]);
          await started.untilReady();
        }
      });

      test(`${service} waits at its start for each right that it lacks, and says which`, async (t) => {
        for (const right of rights) {
          await revoke(rights);
          await grant(rights.filter((each) => each !== right));
          const started = await start(t, service);
          await started.untilTold(right.told);
          await grant([right]);
          await started.serving;
          await started.untilReady();
          await (await started.serving).stop();
        }
      });
    });
  }
});
