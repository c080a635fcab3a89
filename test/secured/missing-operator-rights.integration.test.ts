/**
 * Each right of those who run `astrolabe` is taken from them in turn: the command ends, and says which user lacks what
 * on what, and what grants it.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test, type TestContext } from 'node:test';
import {
  createKafkaAdmin,
  createRecordProducer,
  createSchemaRegistry,
  createTopicInspector,
  type KafkaAdmin,
} from '@astrolabe/kafka';
import { clientOf, setTopicSettings } from '@astrolabe/kafka/testing';
import { toDeadLetter, toHeaders, topicsFor, type ConsumedRecord, type TopicDefinition } from '@astrolabe/records';
import { commandSchemasIn } from '@astrolabe/records/serde';
import { eventually } from '@astrolabe/testkit';
import { runAstrolabe, type Invocation } from '../../cli/src/testing/run-astrolabe.ts';
import { allow, disallow } from './access-rules.ts';
import { connectAs, logger, startSecuredKafka, type SecuredKafka } from './secured-kafka.ts';
import { singleOf, singlesOf, type SingleRight } from './single-rights.ts';

const UNKNOWN_TOPIC = 3;
let kafka: SecuredKafka;
let admin: KafkaAdmin;

before(async () => {
  kafka = await startSecuredKafka();
  admin = await createKafkaAdmin(kafka.superuser);
});
after(async () => {
  await admin.close();
  await kafka.stop();
});

const aclOf = (rights: readonly SingleRight[]) => rights.flatMap(({ acl }) => acl);
const grant = (rights: readonly SingleRight[]) => allow(kafka.superuser, aclOf(rights));
const revoke = (rights: readonly SingleRight[]) => disallow(kafka.superuser, aclOf(rights));

type Run = (args: readonly string[], variables?: Readonly<Record<string, string>>) => Promise<Invocation>;

/** The command as the user with this name, on the topics with this prefix. */
async function as(user: string, prefix: string): Promise<Run> {
  const env = {
    ...(await connectAs(kafka, user)),
    KAFKA_TOPIC_PREFIX: prefix,
    KAFKA_PARTITIONS: '1',
    KAFKA_REPLICATION_FACTOR: '1',
    SCHEMA_REGISTRY_URL: kafka.stack.schemaRegistryUrl,
  };
  return (args, variables) => runAstrolabe(args, { ...env, ...variables });
}

async function assertDone(run: Run, args: readonly string[]): Promise<void> {
  const { exitCode, stderr, stdout } = await run(args);
  assert.equal(exitCode, 0, `${args.join(' ')}: ${stderr}\n${stdout}`);
}

function assertTold({ exitCode, stderr, stdout }: Invocation, { told }: SingleRight): void {
  assert.match(stderr, told, stdout);
  assert.match(stderr, /kafka-acls\.sh .*--add --allow-principal /);
  assert.equal(exitCode, 1);
}

/** What a right includes, and is asked for first: nothing is known of a topic without it. */
const included: Readonly<Partial<Record<SingleRight['operation'], SingleRight['operation']>>> = {
  Read: 'Describe',
  Alter: 'Describe',
  AlterConfigs: 'DescribeConfigs',
};

describe('rights of those who run the command', { concurrency: 2 }, () => {
  describe('setup', { concurrency: 1 }, () => {
    const prefix = 'setup.';
    const topics = topicsFor(prefix, 1);
    const apply = ['topics', 'apply', '--execute'];

    test('setup is told each right that is taken from it, and creates and changes topics once it is granted', async (t) => {
      const run = await asSetup(t);
      await assertDone(run, apply);
      for (const single of singlesOf('setup', prefix)) {
        const { right, operation } = single;
        const asked = included[operation] ?? operation;
        // Write includes it.
        if (asked === 'Describe' && right.operations.includes('Write')) continue;
        await revoke([single]);
        // Nothing is recorded where there is nothing to do.
        const missing = { Create: right.name, Write: topics.redrives.name }[operation as string];
        if (missing !== undefined) await deleteTopic(missing);
        assertTold(await run(apply), singleOf('setup', right, asked));
        await grant([single]);
        if (missing !== undefined) await assertDone(run, apply);
      }
      await assertDone(run, ['topics', 'check']);
    });

    test('what is there and may only be looked at is not changed, and no other topic is either', async (t) => {
      const run = await asSetup(t);
      await assertDone(run, apply);
      const singles = singlesOf('setup', prefix).filter(({ right }) => right.name === topics.commands.name);
      const find = (wanted: string): SingleRight =>
        singles.find(({ operation }) => operation === wanted) ?? assert.fail(wanted);
      const [alter, alterConfigs] = [find('Alter'), find('AlterConfigs')];
      const looking = (['Describe', 'DescribeConfigs'] as const).map((each) => singleOf('setup', alter.right, each));
      await grant(looking);
      t.after(() => revoke(looking));

      await revoke([alter]);
      assertTold(await run(apply, { KAFKA_PARTITIONS: '2' }), alter);
      assert.equal((await admin.watermarks(topics.segmentEvents.name)).length, 1);
      await grant([alter]);

      await revoke([alterConfigs]);
      await setTopicSettings(admin, [topics.commands.name], { 'retention.ms': '1000' });
      assertTold(await run(apply), alterConfigs);
      await grant([alterConfigs]);
      await assertDone(run, apply);
      await assertDone(run, ['topics', 'check']);
    });

    async function asSetup(t: TestContext): Promise<Run> {
      const all = singlesOf('setup', prefix);
      await grant(all);
      t.after(() => revoke(all));
      return as('setup', prefix);
    }
  });

  test('an operator is told each right that is taken from them, and what they do works once it is granted', async () => {
    const prefix = 'operator.';
    const topics = topicsFor(prefix, 1);
    const redrive = (topic: string) => ['dlq', 'redrive', '--topic', topic, '--all', '--execute'];
    const dismiss = ['dlq', 'dismiss', '--all', '--reason', 'tried', '--execute'];
    const replay = ['replay', 'commands', '--to-earliest', '--execute', '--detach'];
    const tail = (topic: string) => ['tail', topic, '--to-earliest', '--max-messages', '1'];
    const check = ['topics', 'check'];
    // By the name of the resource. Whatever is not here is looked at by the check.
    const actions = new Map([
      [`Read ${topics.segmentEvents.name}`, tail('events')],
      [`Write ${topics.segmentEvents.name}`, redrive('events')],
      [`Read ${topics.commands.name}`, tail('commands')],
      [`Write ${topics.commands.name}`, redrive('commands')],
      [`Read ${topics.redrives.name}`, ['dlq', 'list']],
      [`Write ${topics.redrives.name}`, dismiss],
      [`Read ${topics.audit.name}`, ['audit', 'list']],
      [`Write ${topics.audit.name}`, dismiss],
      [`Read ${topics.replays.name}`, ['replay', 'list']],
      [`Write ${topics.replays.name}`, replay],
      [`Describe ${prefix}astrolabe.mapper`, ['lag']],
      [`Describe ${prefix}astrolabe.dispatcher`, ['lag']],
      [`Write ${prefix}astrolabe.redrive`, dismiss],
      [`Write ${prefix}astrolabe.replays`, replay],
      ['Describe kafka-cluster', ['acls', 'check']],
    ]);
    await fill(topics);
    const all = singlesOf('operator', prefix);
    await grant(all);
    const run = await as('operator', prefix);
    await assertDone(run, check);
    // A topic that is empty is not read.
    await assertDone(run, [
      'dlq',
      'dismiss',
      '--topic',
      'events',
      '--connector',
      'first',
      '--reason',
      'first',
      '--execute',
    ]);
    await assertDone(run, replay);
    for (const single of all) {
      const { right, operation } = single;
      // What is not told without this right is named by the last part of this test.
      if (right.pattern === 'prefixed') continue;
      const args = actions.get(`${operation} ${right.name}`);
      const asked = args === undefined ? (included[operation] ?? operation) : operation;
      await revoke([single]);
      assertTold(await run(args ?? check), singleOf('operator', right, asked));
      await grant([single]);
    }
    await assertHolderIsNamed(run, topics, all);
    for (const args of [
      tail('events'),
      redrive('events'),
      ['dlq', 'list'],
      dismiss,
      replay,
      ['replay', 'list'],
      ['lag'],
    ]) {
      await assertDone(run, args);
    }
  });
});

/** Nothing is refused without the right to describe a transactional id: who holds a partition is only not named. */
async function assertHolderIsNamed(
  run: Run,
  { segmentEvents }: Readonly<Record<'segmentEvents', TopicDefinition>>,
  all: readonly SingleRight[],
): Promise<void> {
  const ids = all.filter(({ right }) => right.pattern === 'prefixed');
  assert.equal(ids.length, 1);
  const transactionalId = `${ids[0]?.right.name}held-0`;
  const producer = clientOf(kafka.superuser).producer({
    transactionalId,
    maxInFlightRequests: 1,
    idempotent: true,
    // Longer than the commands below take on any machine: after the usual minute the broker would abort it.
    transactionTimeout: 600_000,
  });
  await producer.connect();
  try {
    const transaction = await producer.transaction();
    await transaction.send({ topic: segmentEvents.name, messages: [{ value: 'held', partition: 0 }] });
    await revoke(ids);
    const unnamed = await run(['lag']);
    assert.match(unnamed.stdout, /held by a transaction since offset \d+ \(producer \d+\)/, unnamed.stderr);
    await grant(ids);
    assert.ok((await run(['lag'])).stdout.includes(`transactional id ${transactionalId}`));
    await transaction.abort();
  } finally {
    await producer.disconnect();
  }
}

/** Events, commands, and dead letters of them. */
async function fill(topics: ReturnType<typeof topicsFor>): Promise<void> {
  await admin.applyTopics(await admin.planTopics(Object.values(topics), 1));
  await commandSchemasIn(createSchemaRegistry({ url: kafka.stack.schemaRegistryUrl })).apply(topics.commands.name);
  const producer = await createRecordProducer({ connection: kafka.superuser, logger });
  for (const [source, deadLetters, connector] of [
    [topics.segmentEvents, topics.segmentEventsDeadLetters, 'first'],
    [topics.segmentEvents, topics.segmentEventsDeadLetters, 'acme'],
    [topics.commands, topics.commandsDeadLetters, 'acme'],
  ] as const) {
    const record: ConsumedRecord = {
      topic: source.name,
      partition: 0,
      offset: 0n,
      timestampMs: Date.now(),
      key: Buffer.from(JSON.stringify([connector, 'user', 'u1'])),
      value: Buffer.from('{"type":"nonsense"}'),
      headers: toHeaders({ 'connector-id': connector, 'message-id': 'm1', 'received-at': '2026-11-24T10:00:00.000Z' }),
    };
    await producer.send(source.name, [record]);
    const cause = { code: 'event.invalid', message: 'nonsense', group: 'mapper', atMs: Date.now() } as const;
    await producer.send(deadLetters.name, [toDeadLetter(record, cause)]);
  }
  await producer.close();
}

async function deleteTopic(name: string): Promise<void> {
  await admin.deleteTopics([name]);
  const inspector = createTopicInspector(kafka.superuser);
  const isGone = async (): Promise<boolean> => {
    const [found] = await inspector.describe([name]);
    return found?.errorCode === UNKNOWN_TOPIC;
  };
  await eventually(isGone, { timeoutMs: 30_000, describe: `${name} to be gone` });
  await inspector.close();
}
