import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { commandKinds, commandSchemas, subjectFor } from '@astrolabe/schemas';
import { isPipelineError } from '@astrolabe/service-kit';
import { createCommandDecoder, createCommandEncoder } from './command-serde.ts';
import { createSchemaRegistry } from './schema-registry.ts';

function registryUnderTest(): string {
  const url = process.env['SCHEMA_REGISTRY_URL'];
  if (!url) throw new Error('SCHEMA_REGISTRY_URL is not set; run these tests by "npm run test:integration"');
  return url;
}

const url = registryUnderTest();
const newTopic = (): string => `test-${randomUUID()}`;

test('applying the schemas again changes nothing and gives the same ids, also to a new client', async () => {
  const topic = newTopic();
  const first = await createSchemaRegistry({ url }).apply(topic);
  assert.ok(first.every(({ changed }) => changed));
  const again = await createSchemaRegistry({ url: `${url}/` }).apply(topic);
  assert.deepEqual(
    again,
    first.map((applied) => ({ ...applied, changed: false })),
  );
  const ids = await createSchemaRegistry({ url }).commandIds(topic);
  assert.deepEqual(
    commandKinds.map((kind) => ids.get(kind)),
    first.map(({ schemaId }) => schemaId),
  );
});

test('schemas that are not registered are a final fault that names every subject', async () => {
  const topic = newTopic();
  await assert.rejects(
    createSchemaRegistry({ url }).commandIds(topic),
    (error) =>
      isPipelineError(error, 'registry.schema-missing') &&
      !error.retryable &&
      commandKinds.every((kind) => error.message.includes(subjectFor(topic, commandSchemas[kind].fullName))),
  );
});

test('a command written under its id comes back by the schema that the registry gives for it', async () => {
  const topic = newTopic();
  const registry = createSchemaRegistry({ url });
  await registry.apply(topic);
  const encoder = createCommandEncoder(await registry.commandIds(topic));
  const command = {
    kind: 'UpsertUser',
    record: {
      commandId: '0123456789abcdef0123456789abcdef',
      connectorId: 'acme',
      messageId: 'm-1',
      occurredAt: 1_700_000_000_000,
      receivedAt: 1_700_000_000_001,
      userId: 'userId123',
      properties: { employees: 329, 'total billed': 830.5, id: 2n ** 60n, nested: { list: [null, true, 'x'] } },
    },
  } as const;
  const decoded = await createCommandDecoder(createSchemaRegistry({ url })).decode(encoder.encode(command));
  assert.ok(decoded.kind === 'command');
  assert.deepEqual(decoded.command, command);
});

test('an id that the registry does not know is told from a registry that is away', async () => {
  assert.equal(await createSchemaRegistry({ url }).schemaById(2_000_000_000), undefined);
  await assert.rejects(
    createSchemaRegistry({ url: 'http://127.0.0.1:1/apis/ccompat/v7' }).schemaById(1),
    (error) => isPipelineError(error, 'registry.unavailable') && error.retryable,
  );
});

test('a change that cannot read what is on the topic is refused by the registry', async () => {
  const topic = newTopic();
  await createSchemaRegistry({ url }).apply(topic);
  const { fullName, schema } = commandSchemas.DeleteUser;
  const incompatible = { ...schema, fields: [...schema.fields, { name: 'added', doc: '', type: 'string' }] };
  const answer = await fetch(`${url}/subjects/${encodeURIComponent(subjectFor(topic, fullName))}/versions`, {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify({ schema: JSON.stringify(incompatible) }),
  });
  assert.equal(answer.status, 409);
});
