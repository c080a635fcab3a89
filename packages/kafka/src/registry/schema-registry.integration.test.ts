import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { commandSchemasIn, createCommandDecoder, createCommandEncoder } from '@astrolabe/records/serde';
import { commandId, commandKinds, type Command } from '@astrolabe/schemas';
import { commandSchemas, subjectFor } from '@astrolabe/schemas/avro';
import type { PipelineError } from '@astrolabe/service-kit/errors';
import { createSchemaRegistry } from './schema-registry.ts';

function registryUrl(): string {
  const url = process.env['SCHEMA_REGISTRY_URL'];
  if (!url) throw new Error('SCHEMA_REGISTRY_URL is not set; run these tests by "npm run test:integration"');
  return url;
}

/** The registry's own API, past the client under test. */
async function request(method: string, path: string, body?: object): Promise<unknown> {
  const response = await fetch(`${registryUrl()}${path}`, {
    method,
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer: unknown = await response.json();
  assert.ok(response.ok, `${method} ${path}: ${JSON.stringify(answer)}`);
  return answer;
}

const newTopic = (): string => `test-${randomUUID()}`;

test('schemas that are not registered are missing, each named by its subject', async () => {
  const topic = newTopic();
  await assert.rejects(commandSchemasIn(createSchemaRegistry({ url: registryUrl() })).commandIds(topic), {
    code: 'registry.schema-missing',
    retryable: false,
    details: {
      missing: commandKinds.map((kind) => subjectFor(topic, commandSchemas[kind].fullName)),
      registered: {},
    },
  });
});

test('applying twice registers once: the same ids, also for who asks later', async () => {
  const topic = newTopic();
  const first = await commandSchemasIn(createSchemaRegistry({ url: registryUrl() })).apply(topic);
  assert.deepEqual(
    first.map(({ kind, subject, changed }) => ({ kind, subject, changed })),
    commandKinds.map((kind) => ({ kind, subject: subjectFor(topic, commandSchemas[kind].fullName), changed: true })),
  );
  const again = await commandSchemasIn(createSchemaRegistry({ url: registryUrl() })).apply(topic);
  assert.deepEqual(
    again,
    first.map((applied) => ({ ...applied, changed: false })),
  );
  const ids = await commandSchemasIn(createSchemaRegistry({ url: registryUrl() })).commandIds(topic);
  assert.deepEqual(
    [...ids],
    first.map(({ kind, schemaId }) => [kind, schemaId]),
  );
});

test('subjects that lack only some schemas name those, with the ids of the others', async () => {
  const topic = newTopic();
  const registry = commandSchemasIn(createSchemaRegistry({ url: registryUrl() }));
  const { fullName, schema } = commandSchemas.UpsertUser;
  const { id } = (await request('POST', `/subjects/${subjectFor(topic, fullName)}/versions`, {
    schema: JSON.stringify(schema),
  })) as { readonly id: number };
  const others = commandKinds.filter((kind) => kind !== 'UpsertUser');
  await assert.rejects(registry.commandIds(topic), {
    details: {
      missing: others.map((kind) => subjectFor(topic, commandSchemas[kind].fullName)),
      registered: { UpsertUser: id },
    },
  });
});

test('a schema that this build cannot read is named with its subject and the reason, at the start as at registration', async () => {
  const topic = newTopic();
  const registry = commandSchemasIn(createSchemaRegistry({ url: registryUrl() }));
  await registry.apply(topic);
  const { fullName, schema } = commandSchemas.DeleteUser;
  const other = newTopic();
  const subject = subjectFor(other, fullName);
  const fields = schema.fields.filter(({ name }) => name !== 'userId');
  await request('POST', `/subjects/${subject}/versions`, { schema: JSON.stringify({ ...schema, fields }) });
  await assert.rejects(registry.commandIds(other), ({ code, retryable, message }: PipelineError) => {
    assert.deepEqual([code, retryable], ['registry.schema-incompatible', false]);
    assert.ok(message.includes(subject), message);
    assert.match(message, /userId/);
    return true;
  });
  assert.equal((await registry.commandIds(topic)).size, commandKinds.length, 'the other topic is not concerned');
});

test('every subject keeps to compatibility with all of its versions, and a schema that breaks it is refused', async () => {
  const topic = newTopic();
  const [applied] = await commandSchemasIn(createSchemaRegistry({ url: registryUrl() })).apply(topic);
  assert.ok(applied);
  assert.deepEqual(await request('GET', `/config/${applied.subject}`), { compatibilityLevel: 'BACKWARD_TRANSITIVE' });

  // Another build has registered a version of this subject which the schema of this one cannot read.
  const other = newTopic();
  const { fullName, schema } = commandSchemas.DeleteUser;
  const subject = subjectFor(other, fullName);
  const fields = schema.fields.filter(({ name }) => name !== 'userId');
  await request('POST', `/subjects/${subject}/versions`, { schema: JSON.stringify({ ...schema, fields }) });
  await request('PUT', `/config/${subject}`, { compatibility: 'BACKWARD_TRANSITIVE' });
  await assert.rejects(commandSchemasIn(createSchemaRegistry({ url: registryUrl() })).apply(other), {
    code: 'registry.schema-incompatible',
    retryable: false,
  });
});

test('a subject that somebody set to another compatibility is not written to', async () => {
  const topic = newTopic();
  const { fullName, schema } = commandSchemas.AssociateUser;
  const subject = subjectFor(topic, fullName);
  await request('POST', `/subjects/${subject}/versions`, { schema: JSON.stringify(schema) });
  await request('PUT', `/config/${subject}`, { compatibility: 'NONE' });
  await assert.rejects(commandSchemasIn(createSchemaRegistry({ url: registryUrl() })).apply(topic), {
    code: 'registry.schema-incompatible',
  });
});

test('a command that was encoded under the ids of the registry is decoded by who knows only the registry', async () => {
  const registry = commandSchemasIn(createSchemaRegistry({ url: registryUrl() }));
  const topic = newTopic();
  await registry.apply(topic);
  const encoder = createCommandEncoder(await registry.commandIds(topic));
  const decoder = createCommandDecoder(createSchemaRegistry({ url: registryUrl() }));
  const properties = {
    employees: 329,
    'total billed': 830,
    big: 2n ** 60n,
    nothing: null,
    list: [true, 0.5, { a: '' }],
  };
  const command: Command = {
    kind: 'UpsertAccount',
    record: {
      commandId: commandId('acme', 'm', 'UpsertAccount'),
      connectorId: 'acme',
      messageId: 'm',
      occurredAt: 1,
      receivedAt: 2,
      accountId: 'a',
      properties,
    },
  };
  const decoded = await decoder.decode(encoder.encode(command));
  assert.ok(decoded.kind === 'command');
  assert.deepEqual(decoded.command, command);
});

test('an unknown id and a schema that is not Avro are returned as data, not thrown', async () => {
  const registry = commandSchemasIn(createSchemaRegistry({ url: registryUrl() }));
  assert.equal(await registry.schemaById(2 ** 31 - 1), undefined);
  const subject = newTopic();
  const answer = await request('POST', `/subjects/${subject}/versions`, {
    schemaType: 'JSON',
    schema: '{"$schema":"http://json-schema.org/draft-07/schema#","type":"object"}',
  });
  assert.equal((await registry.schemaById((answer as { id: number }).id))?.kind, 'other');
});
