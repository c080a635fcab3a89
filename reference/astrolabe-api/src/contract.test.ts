/** The server's own reading of requests against the document's: the named examples must fare alike. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { JsonValue } from '@astrolabe/schemas';
import { parseJson } from '@astrolabe/schemas';
import { loadOpenApi } from '@astrolabe/schemas/testing';
import { problemTitles } from './http/problem.ts';
import { startTestApi, type TestApi } from './testing/validating-client.ts';

interface Example {
  readonly contract: string;
  readonly schema: string;
  readonly data: JsonValue;
}

const examplesFolder = new URL('../../../schemas/examples/', import.meta.url);
const bodySchemas = ['Upsert', 'Association', 'Event', 'CommandBatch'];

function examplesIn(folder: string): (Example & { file: string })[] {
  return readdirSync(new URL(folder, examplesFolder))
    .map((file) => ({
      file,
      ...(parseJson(readFileSync(new URL(`${folder}${file}`, examplesFolder), 'utf8')) as unknown as Example),
    }))
    .filter(({ contract, schema }) => contract === 'openapi' && bodySchemas.includes(schema));
}

async function send({ call }: TestApi, { schema, data }: Example, offContract: boolean) {
  const options = { body: data, offContract };
  const keyed = { ...options, idempotencyKey: '"k"' };
  switch (schema) {
    case 'Upsert':
      return call('PUT', '/v1/accounts/a', keyed);
    case 'Association':
      return call('PUT', '/v1/accounts/a/users/u', keyed);
    case 'Event':
      return call('POST', '/v1/events', keyed);
    default:
      return call('POST', '/v1/commands', options);
  }
}

for (const example of examplesIn('valid/')) {
  test(`the server accepts ${example.file}`, async (t) => {
    const answer = await send(await startTestApi(t), example, false);
    assert.equal(answer.status, 200);
    const { results = [] } = answer.body as { results?: { status: number }[] };
    assert.ok(results.every(({ status }) => status === 200));
  });
}

for (const example of examplesIn('invalid/')) {
  test(`the server refuses ${example.file}`, async (t) => {
    const answer = await send(await startTestApi(t), example, true);
    const { results } = answer.body as { results?: { status: number }[] };
    assert.deepEqual(results?.map(({ status }) => status) ?? [answer.status], [400]);
  });
}

test('the problems of the server are those of the document', () => {
  const { document } = loadOpenApi();
  assert.deepEqual(Object.keys(problemTitles), document.components.schemas['ProblemCode']?.enum);
});
