/**
 * Later schemas must read what earlier ones wrote (BACKWARD_TRANSITIVE): a topic holds a week of commands, replayed.
 */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import avro from 'avsc';
import { commandSchemaFolder, isUnion, readInlined, schemaFileName, type AvroRecordSchema } from './avro-files.ts';
import { commandSchemas, commandTypes, typeOf } from './command-schemas.ts';
import { commandKinds } from './generated/commands.ts';

const historyFolder = new URL('history/', commandSchemaFolder);
const versions = readdirSync(historyFolder).sort((a, b) => Number(a.slice(1)) - Number(b.slice(1)));

function plainType(schema: AvroRecordSchema): avro.Type {
  return avro.Type.forSchema(schema as unknown as Parameters<typeof avro.Type.forSchema>[0]);
}

test('released schemas exist', () => assert.notDeepEqual(versions, []));

for (const version of versions) {
  const folder = new URL(`${version}/`, historyFolder);
  const released = commandKinds.filter((kind) => readdirSync(folder).includes(schemaFileName(kind)));

  test(`the current schemas read what ${version} wrote`, () => {
    for (const kind of released) {
      const writer = readInlined(folder, kind);
      assert.doesNotThrow(() => plainType(commandSchemas[kind].schema).createResolver(plainType(writer)), kind);

      const writerType = typeOf(writer);
      const reader = commandTypes[kind];
      const record = sampleOf(writer);
      const decoded = reader.fromBuffer(writerType.toBuffer(record), reader.createResolver(writerType)) as object;
      assert.deepStrictEqual({ ...decoded, ...record }, decoded, kind);
    }
  });

  test(`no record of ${version} has disappeared`, () => {
    const names = readdirSync(folder).map((file) => readInlined(folder, recordNameOf(file)).name);
    assert.deepEqual(
      names.filter((name) => !commandKinds.includes(name as (typeof commandKinds)[number])),
      [],
    );
  });
}

test('a field added without a default is detected', () => {
  const { schema } = commandSchemas.DeleteUser;
  const added = { name: 'reason', doc: 'Why the user asked.', type: 'string' };
  const later = { ...schema, fields: [...schema.fields, added] };
  assert.throws(() => plainType(later).createResolver(plainType(schema)), /reason/);
  const laterWithDefault = { ...schema, fields: [...schema.fields, { ...added, default: '' }] };
  assert.doesNotThrow(() => plainType(laterWithDefault).createResolver(plainType(schema)));
});

/** A record with a value in every field. */
function sampleOf(schema: AvroRecordSchema): Record<string, unknown> {
  return Object.fromEntries(
    schema.fields.map(({ name, type }) => {
      if (name.endsWith('At')) return [name, 1_700_000_000_000];
      if (typeof type === 'object' && !isUnion(type) && 'values' in type)
        return [name, { employees: 329, ratio: 0.5, tags: [null, { a: true }] }];
      return [name, `some ${name}`];
    }),
  );
}

function recordNameOf(fileName: string): string {
  return fileName
    .replace(/\.avsc$/, '')
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
}
