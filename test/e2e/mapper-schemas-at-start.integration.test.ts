/** The mapper as a process whose schemas are not as it needs them: it stops, and its log says which. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { createKafkaAdmin, createKafkaConnection, createSchemaRegistry } from '@astrolabe/kafka';
import { topicsFor } from '@astrolabe/records';
import { commandSchemas, subjectFor } from '@astrolabe/schemas/avro';
import { createLogger } from '@astrolabe/service-kit';
import { spawnService, uniqueName } from '@astrolabe/testkit';
import { commandSchemasIn } from '@astrolabe/records/serde';

const { KAFKA_BROKERS = '', SCHEMA_REGISTRY_URL = '' } = process.env;

async function createTopics(t: TestContext) {
  const prefix = `${uniqueName('schemas')}.`;
  const topics = topicsFor(prefix);
  const logger = createLogger({ name: 'test', level: 'silent' });
  const connection = createKafkaConnection({ brokers: KAFKA_BROKERS.split(','), clientId: prefix, logger });
  const admin = await createKafkaAdmin(connection);
  await admin.applyTopics(await admin.planTopics(Object.values(topics), 1));
  t.after(async () => {
    await admin.deleteTopics(Object.values(topics).map(({ name }) => name));
    await admin.close();
  });
  return { prefix, commands: topics.commands.name };
}

/** What the mapper prints until it ends by itself. */
async function outputOfMapper(t: TestContext, prefix: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'astrolabe-schemas-'));
  t.after(() => rm(folder, { recursive: true }));
  const connectorsFile = join(folder, 'connectors.json');
  await writeFile(connectorsFile, '{"connectors": []}');
  const entry = new URL('../../services/mapper/src/main.ts', import.meta.url);
  const env = { KAFKA_BROKERS, SCHEMA_REGISTRY_URL, KAFKA_TOPIC_PREFIX: prefix, CONNECTORS_FILE: connectorsFile };
  try {
    const mapper = await spawnService({ name: 'mapper', entry, env });
    await mapper.stop();
  } catch (error) {
    assert.match(String(error), /ended \(exit code 1\) before it was ready/);
    return String(error);
  }
  return assert.fail('the mapper has started');
}

test('a mapper whose schemas are not registered stops and names every subject and the remedy', async (t) => {
  const { prefix, commands } = await createTopics(t);
  const output = await outputOfMapper(t, prefix);
  assert.match(output, /registry\.schema-missing/);
  for (const { fullName } of Object.values(commandSchemas)) assert.ok(output.includes(subjectFor(commands, fullName)));
  assert.match(output, /astrolabe schemas apply/);
});

test('a mapper that cannot read what is registered stops and names the subject and the field', async (t) => {
  const { prefix, commands } = await createTopics(t);
  const { fullName, schema } = commandSchemas.UpsertUser;
  const subject = subjectFor(commands, fullName);
  const fields = schema.fields.filter(({ name }) => name !== 'userId');
  const response = await fetch(`${SCHEMA_REGISTRY_URL}/subjects/${subject}/versions`, {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify({ schema: JSON.stringify({ ...schema, fields }) }),
  });
  assert.ok(response.ok);
  await assert.rejects(commandSchemasIn(createSchemaRegistry({ url: SCHEMA_REGISTRY_URL })).apply(commands), {
    code: 'registry.schema-incompatible',
  });
  const output = await outputOfMapper(t, prefix);
  assert.match(output, /registry\.schema-incompatible/);
  assert.ok(output.includes(subject));
  assert.match(output, /userId/);
});
