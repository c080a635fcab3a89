/**
 * Each right of docs/operating.md is taken from a running service, and from one that starts: it says which user lacks
 * what on what, is not ready, does not fill its log, and goes on by itself once the right is granted.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test, type TestContext } from 'node:test';
import { createKafkaAdmin, createKafkaConnection, createRecordProducer, createSchemaRegistry } from '@astrolabe/kafka';
import { toHeaders, topicsFor, type RecordProducer } from '@astrolabe/records';
import { createLogger } from '@astrolabe/service-kit';
import {
  eventually,
  findFreePorts,
  ownStackEnvironment,
  spawnService,
  startLocalStack,
  type LocalStack,
  type ServiceProcess,
} from '@astrolabe/testkit';
import { commandSchemasIn } from '@astrolabe/records/serde';
import { clientOf } from '../../packages/kafka/src/connection.ts';

type ServiceName = 'ingest' | 'mapper' | 'dispatcher';

/** Numbers of Kafka's resource types and operations. */
const TOPIC = 2;
const GROUP = 3;
const TRANSACTIONAL_ID = 5;
const operations = { Read: 3, Write: 4 } as const;
const LITERAL = 3;
const PREFIXED = 4;
const ALLOW = 3;

interface Right {
  readonly operation: keyof typeof operations;
  readonly resourceType: number;
  readonly resource: string;
  readonly pattern?: number;
  /** As the service says it. */
  readonly told: RegExp;
}

const topics = topicsFor('', 1);
const onTopic = (operation: Right['operation'], resource: string): Right => ({
  operation,
  resourceType: TOPIC,
  resource,
  told: new RegExp(`lacks ${operation} on topic ${resource.replaceAll('.', '\\.')}`),
});
const onGroup = (resource: string): Right => ({
  operation: 'Read',
  resourceType: GROUP,
  resource,
  told: new RegExp(`lacks Read on consumer group ${resource}`),
});

const rights: Readonly<Record<ServiceName, readonly Right[]>> = {
  ingest: [onTopic('Write', topics.segmentEvents.name), onTopic('Write', topics.segmentEventsDeadLetters.name)],
  mapper: [
    onTopic('Read', topics.segmentEvents.name),
    onTopic('Write', topics.commands.name),
    onTopic('Write', topics.segmentEventsDeadLetters.name),
    onTopic('Read', topics.mapperState.name),
    onTopic('Write', topics.mapperState.name),
    onTopic('Write', topics.replayedCommands.name),
    onTopic('Read', topics.replays.name),
    onTopic('Write', topics.replays.name),
    onGroup('astrolabe.mapper'),
    {
      operation: 'Write',
      resourceType: TRANSACTIONAL_ID,
      resource: 'astrolabe.mapper-',
      pattern: PREFIXED,
      told: /lacks Write on transactional id astrolabe\.mapper-[0-9a-f-]{36}-0/,
    },
  ],
  dispatcher: [
    onTopic('Read', topics.commands.name),
    onTopic('Read', topics.deliveries.name),
    onTopic('Write', topics.deliveries.name),
    onTopic('Write', topics.commandsDeadLetters.name),
    onTopic('Read', topics.replayedCommands.name),
    onTopic('Read', topics.replays.name),
    onTopic('Write', topics.replays.name),
    onGroup('astrolabe.dispatcher'),
  ],
};

const logger = createLogger({ name: 'rights', level: 'silent' });
let stack: LocalStack;
let producer: RecordProducer;
let folder: string;
const closings: (() => Promise<unknown>)[] = [];

before(async () => {
  const users = { ingest: 'ingest-password', mapper: 'mapper-password', dispatcher: 'dispatcher-password' };
  stack = await startLocalStack({ env: ownStackEnvironment(process.env), users });
  closings.push(() => stack.stop());
  const connection = createKafkaConnection({ brokers: [stack.kafkaBrokers], clientId: 'rights', logger });
  const admin = await createKafkaAdmin(connection);
  await admin.applyTopics(await admin.planTopics(Object.values(topics), 1));
  await admin.close();
  await commandSchemasIn(createSchemaRegistry({ url: stack.schemaRegistryUrl })).apply(topics.commands.name);
  producer = await createRecordProducer({ connection, logger });
  closings.push(() => producer.close());
  folder = await mkdtemp(join(tmpdir(), 'astrolabe-rights-'));
  closings.push(() => rm(folder, { recursive: true }));
  await writeFile(
    join(folder, 'connectors.json'),
    JSON.stringify({ connectors: [{ id: 'acme', name: 'Acme', apiKey: 'rights-key' }] }),
  );
});
after(async () => {
  for (const close of closings.toReversed()) await close();
});

function toAcl(service: ServiceName, { operation, resourceType, resource, pattern = LITERAL }: Right) {
  const principal = `User:${service}`;
  return {
    resourceType,
    resourceName: resource,
    resourcePatternType: pattern,
    principal,
    host: '*',
    operation: operations[operation],
    permissionType: ALLOW,
  };
}

async function withAdmin(action: (admin: ReturnType<ReturnType<typeof clientOf>['admin']>) => Promise<unknown>) {
  const admin = clientOf(createKafkaConnection({ brokers: [stack.kafkaBrokers], clientId: 'rights', logger })).admin();
  await admin.connect();
  await action(admin);
  await admin.disconnect();
}

const grant = (service: ServiceName, given: readonly Right[]) =>
  withAdmin((admin) => admin.createAcls({ acl: given.map((right) => toAcl(service, right)) }));
const revoke = (service: ServiceName, taken: readonly Right[]) =>
  withAdmin((admin) => admin.deleteAcls({ filters: taken.map((right) => toAcl(service, right)) }));

interface Started {
  /** Why it is not ready; undefined where it is. */
  reasons(): Promise<string | undefined>;
  readonly lines: Record<string, unknown>[];
  readonly ready: Promise<ServiceProcess>;
}

async function start(t: TestContext, service: ServiceName): Promise<Started> {
  const [port = 0] = await findFreePorts(1);
  const lines: Record<string, unknown>[] = [];
  const shared = {
    KAFKA_BROKERS: stack.securedBrokers ?? '',
    KAFKA_SASL_MECHANISM: 'plain',
    KAFKA_SASL_USERNAME: service,
    KAFKA_SASL_PASSWORD: `${service}-password`,
    CONNECTORS_FILE: join(folder, 'connectors.json'),
    ADMIN_PORT: String(port),
  };
  const registry = { SCHEMA_REGISTRY_URL: stack.schemaRegistryUrl };
  const own = {
    ingest: { INGEST_PORT: '0', INGEST_DRAIN_MS: '0' },
    mapper: registry,
    dispatcher: {
      ...registry,
      DISPATCHER_API_URL: 'http://127.0.0.1:9',
      DISPATCHER_LEDGER_DIRECTORY: join(folder, 'ledger'),
    },
  };
  const ready = spawnService({
    name: service,
    entry: new URL(`../../services/${service}/src/main.ts`, import.meta.url),
    env: { ...shared, ...own[service] },
    readyTimeoutMs: 120_000,
    onLine: (line) => {
      if (line.startsWith('{')) lines.push(JSON.parse(line) as Record<string, unknown>);
    },
  });
  ready.catch(() => undefined);
  t.after(async () => {
    await (await ready).stop();
  });
  const reasons = async (): Promise<string | undefined> => {
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined);
    if (answer === undefined) return 'it does not listen yet';
    return answer.status === 200 ? undefined : answer.text();
  };
  return { reasons, lines, ready };
}

const untilTold = ({ reasons }: Started, told: RegExp) =>
  eventually(
    async () => {
      assert.match((await reasons()) ?? 'ready', told);
      return true;
    },
    { timeoutMs: 60_000, describe: `/readyz to say ${told.source}` },
  );
const untilReady = ({ reasons }: Started) =>
  eventually(async () => (await reasons()) === undefined, { timeoutMs: 60_000, describe: 'the service to be ready' });

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
    describe(service, { concurrency: 1 }, () => {
      test(`${service} tells each right that is taken from it, is not ready, and goes on when it is granted`, async (t) => {
        await grant(service, rights[service]);
        t.after(() => revoke(service, rights[service]));
        const started = await start(t, service);
        await started.ready;
        await untilReady(started);
        for (const right of rights[service]) {
          const from = started.lines.length;
          await revoke(service, [right]);
          if (service === 'mapper') await sendEvent();
          await untilTold(started, right.told);
          const warnings = started.lines.slice(from).filter(({ level }) => level === 'warn' || level === 'error');
          assert.ok(
            warnings.length <= 6,
            `${right.told.source}: ${warnings.map((line) => JSON.stringify(line)).join('\n')}`,
          );
          await grant(service, [right]);
          await untilReady(started);
        }
      });

      test(`${service} waits at its start for each right that it lacks, and says which`, async (t) => {
        for (const right of rights[service]) {
          await revoke(service, rights[service]);
          await grant(
            service,
            rights[service].filter((each) => each !== right),
          );
          const started = await start(t, service);
          await untilTold(started, right.told);
          await grant(service, [right]);
          await started.ready;
          await untilReady(started);
          await (await started.ready).stop();
        }
      });
    });
  }
});
