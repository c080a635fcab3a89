/** The chart's values, their schema and the value sets, held to each other. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { auditedActions } from '@astrolabe/operations';
import {
  compileSchema,
  effectiveValues,
  isMap,
  readChartFile,
  readTemplates,
  readValues,
  root,
  valueSetNames,
  type Values,
} from './chart-files.ts';

interface Schema {
  readonly $ref?: string;
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly $defs?: Readonly<Record<string, Schema>>;
  readonly [keyword: string]: unknown;
}

const schema = JSON.parse(readChartFile('values.schema.json')) as Schema;

test('every value set obeys the schema, laid over the values of the chart', () => {
  const validate = compileSchema();
  assert.deepEqual(valueSetNames(), ['autoscaled', 'dispatcher-heavy', 'external-secrets', 'minimal', 'secured']);
  for (const name of valueSetNames()) {
    assert.deepEqual(validate(effectiveValues(name)) ? [] : validate.errors, [], name);
  }
});

test('the values of the chart alone are refused: where Kafka, the registry and the API are has no default', () => {
  const validate = compileSchema();
  assert.equal(validate(readValues('values.yaml')), false);
  const places = validate.errors?.map(({ instancePath }) => instancePath);
  assert.deepEqual(places?.toSorted(), ['/api/url', '/kafka/brokers', '/registry/url']);
});

test('a misspelt name is refused wherever the values have names of their own', () => {
  const validate = compileSchema();
  const values = effectiveValues('minimal');
  const accepted = placesOf(values).filter((place) => validate(withMisspelt(values, place)));
  // What the user names, or Kubernetes.
  const open =
    /\.(behavior(\..*)?|annotations|labels|podAnnotations|podLabels|nodeSelector|affinity|env|requests|limits)$/;
  assert.deepEqual(
    accepted.filter((place) => !open.test(place)),
    [],
  );
});

test('the schema knows every value and nothing else', () => {
  // What an example shows in place of a default.
  const withoutDefault = ['global', 'resources.claims'];
  const values = readValues('values.yaml');
  const known = namesIn(schema).filter((name) => !withoutDefault.some((end) => name.endsWith(end)));
  assert.deepEqual(
    known.filter((name) => !hasPlace(values, name)),
    [],
  );
});

test('a template uses every value', () => {
  const templates = readTemplates();
  const unused = leavesOf(readValues('values.yaml')).filter(
    (name) => !new RegExp(`\\.${name.split('.').at(-1)}\\b`).test(templates),
  );
  // Given to Kubernetes as they are, with what is above them.
  const whole = /\.(strategy|resources|behavior|labels)\./;
  assert.deepEqual(
    unused.filter((name) => !whole.test(name)),
    [],
  );
});

test('the changes of the console that can be switched off are those that it makes', () => {
  const { disabledActions } = schema.properties?.['console']?.properties ?? {};
  assert.deepEqual(
    (disabledActions?.['items'] as Schema)['enum'],
    auditedActions.filter(({ programs }) => programs.includes('console')).map(({ name }) => name),
  );
});

test('connectors that stand in the values are held to the schema of the connectors file', () => {
  const file = JSON.parse(readFileSync(join(root, 'schemas/connectors.schema.json'), 'utf8')) as Schema;
  const { type, required, additionalProperties, properties, $defs: own = {} } = file;
  const { $defs: defs = {} } = schema;
  assert.deepEqual(defs['connectorsFile'], { type, required, additionalProperties, properties });
  for (const [name, definition] of Object.entries(own)) assert.deepEqual(defs[name], definition, name);
});

function placesOf(values: Values, above = ''): readonly string[] {
  return [
    above,
    ...Object.entries(values).flatMap(([name, value]) => (isMap(value) ? placesOf(value, `${above}.${name}`) : [])),
  ];
}

function withMisspelt(values: Values, place: string): Values {
  const [first, ...rest] = place.split('.').filter(Boolean);
  if (first === undefined) return { ...values, misspelt: { a: 1 } };
  return { ...values, [first]: withMisspelt(values[first] as Values, rest.join('.')) };
}

/** Paths of all values that are not maps, or are empty ones. */
function leavesOf(values: Values, above = ''): readonly string[] {
  return Object.entries(values).flatMap(([name, value]) =>
    isMap(value) && Object.keys(value).length > 0 ? leavesOf(value, `${above}.${name}`) : [`${above}.${name}`],
  );
}

/** Paths of all properties; what is behind `anyOf` is for the user to fill. */
function namesIn(node: Schema, above = ''): readonly string[] {
  const reference = /^#\/\$defs\/(\w+)$/.exec(node.$ref ?? '')?.[1];
  const target = reference === undefined ? node : (schema.$defs?.[reference] ?? {});
  return Object.entries(target.properties ?? {}).flatMap(([name, property]) => [
    `${above}.${name}`,
    ...namesIn(property, `${above}.${name}`),
  ]);
}

/** Whether `values` have something at `place`; an empty map is for the user to fill. */
function hasPlace(values: Values, place: string): boolean {
  let current: unknown = values;
  for (const name of place.split('.').filter(Boolean)) {
    if (!isMap(current)) return false;
    if (Object.keys(current).length === 0) return true;
    if (!(name in current)) return false;
    current = current[name];
  }
  return true;
}
