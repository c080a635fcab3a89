import assert from 'node:assert/strict';
import { test } from 'node:test';
import avro from 'avsc';
import { isUnion, type AvroField, type AvroSchema } from './avro-files.ts';
import { commandKindOf, commandSchemas, subjectFor } from './command-schemas.ts';
import { commandKinds } from './generated/commands.ts';

const common = ['commandId', 'connectorId', 'messageId', 'occurredAt', 'receivedAt'];

function fieldsWithin(schema: AvroSchema | undefined): readonly AvroField[] {
  if (schema === undefined || typeof schema === 'string') return [];
  if (isUnion(schema)) return schema.flatMap(fieldsWithin);
  if ('fields' in schema) return schema.fields.flatMap((field) => [field, ...fieldsWithin(field.type)]);
  return fieldsWithin(schema.items ?? schema.values);
}

test('each schema is self-contained: it parses alone', () => {
  for (const { schema, fullName } of Object.values(commandSchemas)) {
    const type = avro.Type.forSchema(schema as unknown as Parameters<typeof avro.Type.forSchema>[0]);
    assert.equal(type.name, fullName);
  }
});

test('every record and every field says what it is for', () => {
  for (const { schema } of Object.values(commandSchemas)) {
    assert.ok(schema.doc.length > 20, schema.name);
    for (const field of fieldsWithin(schema)) assert.ok(field.doc.length > 10, `${schema.name}.${field.name}`);
  }
});

test('every command starts with the common fields', () => {
  for (const { schema } of Object.values(commandSchemas)) {
    assert.deepEqual(
      schema.fields.slice(0, common.length).map(({ name }) => name),
      common,
    );
  }
});

test('a subject names the topic and the record, and record names lead back to kinds', () => {
  const { fullName } = commandSchemas.UpsertUser;
  assert.equal(subjectFor('astrolabe.commands.v1', fullName), 'astrolabe.commands.v1-astrolabe.commands.v1.UpsertUser');
  for (const kind of commandKinds) assert.equal(commandKindOf(commandSchemas[kind].fullName), kind);
  assert.equal(commandKindOf('UpsertUser'), undefined);
});
