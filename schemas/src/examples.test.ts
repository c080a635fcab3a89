import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { commandTypes } from './command-schemas.ts';
import { commandKinds, type CommandKind } from './generated/commands.ts';
import { parseJson } from '@astrolabe/json';
import { loadOpenApi } from './openapi-validation.ts';

interface Example {
  readonly title: string;
  /** The rule that an invalid example breaks. */
  readonly breaks?: string;
  readonly contract: 'avro' | 'openapi' | 'connectors';
  /** Name of the Avro record, or of the schema in `components.schemas`. */
  readonly schema: string;
  readonly data: unknown;
}

const packageFolder = new URL('../', import.meta.url);
const openApi = loadOpenApi();
const fitsConnectors = new Ajv2020().compile(JSON.parse(readText('connectors.schema.json')) as object);

function readText(path: string): string {
  return readFileSync(new URL(path, packageFolder), 'utf8');
}

function examplesIn(folder: string): (Example & { file: string })[] {
  return readdirSync(new URL(folder, packageFolder)).map((file) => ({
    file,
    ...(parseJson(readText(`${folder}${file}`)) as unknown as Example),
  }));
}

function fits({ contract, schema, data }: Example): boolean {
  switch (contract) {
    case 'avro':
      return commandTypes[schema as CommandKind].isValid(data, { noUndeclaredFields: true });
    case 'openapi':
      return openApi.errorsOf(schema, data).length === 0;
    case 'connectors':
      return fitsConnectors(data);
  }
}

const valid = examplesIn('examples/valid/');
const invalid = examplesIn('examples/invalid/');

for (const example of valid) {
  test(`valid, ${example.file}: ${example.title}`, () => assert.ok(fits(example)));
}

for (const example of invalid) {
  test(`invalid, ${example.file}: ${example.title}, but ${example.breaks ?? ''}`, () => {
    assert.ok(example.breaks);
    assert.ok(!fits(example));
  });
}

test('valid commands survive Avro unchanged', () => {
  for (const { contract, schema, data, file } of valid) {
    if (contract !== 'avro') continue;
    const type = commandTypes[schema as CommandKind];
    assert.deepEqual(type.fromBuffer(type.toBuffer(data)), data, file);
  }
});

test('every command and every other contract has a valid and an invalid case', () => {
  const named = (examples: readonly Example[]) =>
    new Set(examples.map(({ contract, schema }) => `${contract} ${schema}`));
  for (const kind of commandKinds) assert.ok(named(valid).has(`avro ${kind}`), kind);
  for (const contract of ['avro', 'openapi', 'connectors'])
    assert.ok(invalid.some((example) => example.contract === contract));
});
