import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configValues } from './config-values.ts';

type Case = readonly [text: string, value: unknown];
const refused = Symbol('refused');

function check(
  schema: { safeParse(text: string): { success: boolean; data?: unknown } },
  cases: readonly Case[],
): void {
  for (const [text, expected] of cases) {
    const result = schema.safeParse(text);
    assert.deepEqual(result.success ? result.data : refused, expected, JSON.stringify(text));
  }
}

test('an integer is decimal digits within its bounds and nothing that JavaScript would also take for a number', () => {
  check(configValues.integer({ min: -1, max: 100 }), [
    ['0', 0],
    ['100', 100],
    ['-1', -1],
    ['101', refused],
    ['-2', refused],
    ['1.5', refused],
    ['1e2', refused],
    ['0x10', refused],
    [' 1', refused],
    ['', refused],
    ['ten', refused],
    ['99999999999999999999', refused],
  ]);
});

test('a decimal may have a fraction but no exponent', () => {
  check(configValues.decimal({ min: 0, max: 1 }), [
    ['0.25', 0.25],
    ['1', 1],
    ['1.01', refused],
    ['.5', refused],
    ['1e-1', refused],
  ]);
});

test('a port is between 0 and 65535', () => {
  check(configValues.port(), [
    ['0', 0],
    ['65535', 65_535],
    ['65536', refused],
    ['tcp://10.0.0.1:80', refused],
  ]);
});

test('a boolean is spelt true or false', () => {
  check(configValues.boolean(), [
    ['true', true],
    ['false', false],
    ['1', refused],
    ['TRUE', refused],
    ['no', refused],
  ]);
});

test('a word is one of its set', () => {
  check(configValues.oneOf(['allow', 'block']), [
    ['block', 'block'],
    ['Block', refused],
  ]);
});

test('a URL is absolute, http or https, and loses trailing slashes', () => {
  check(configValues.httpUrl(), [
    ['http://localhost:8081', 'http://localhost:8081'],
    ['https://registry.example/apis/ccompat/v7//', 'https://registry.example/apis/ccompat/v7'],
    ['registry.example', refused],
    ['localhost:8081', refused],
    ['ftp://registry.example', refused],
  ]);
});

test('brokers are host and port pairs separated by commas', () => {
  check(configValues.hostPorts(), [
    ['localhost:9092', ['localhost:9092']],
    ['a.example:9092, b.example:9093', ['a.example:9092', 'b.example:9093']],
    ['[::1]:9092', ['[::1]:9092']],
    ['localhost', refused],
    ['localhost:0', refused],
    ['localhost:70000', refused],
    ['localhost:9092,', refused],
    ['kafka://localhost:9092', refused],
  ]);
});

test('a topic prefix has only characters that a topic name may have', () => {
  check(configValues.topicPrefix(), [
    ['staging.', 'staging.'],
    ['a/b', refused],
    ['a b', refused],
    ['x'.repeat(101), refused],
  ]);
});

test('every schema says what it expects', () => {
  const bounds = { min: 0, max: 1 };
  const schemas = [
    configValues.text(),
    configValues.integer(bounds),
    configValues.decimal(bounds),
    configValues.port(),
    configValues.boolean(),
    configValues.oneOf(['a']),
    configValues.httpUrl(),
    configValues.topicPrefix(),
    configValues.hostPorts(),
  ];
  for (const schema of schemas) assert.ok(schema.description);
});
