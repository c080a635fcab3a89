/** Values that are written down elsewhere obey the schema of the chart, too. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { valuesFor } from '../afternoon/values.ts';
import { compileSchema, effectiveValues, layOver, readValues, root, type Values } from './chart-files.ts';

for (const guide of ['kubernetes', 'secured-cluster']) {
  test(`the values in docs/deploy/${guide}.md obey the schema`, () => {
    const text = readFileSync(join(root, `docs/deploy/${guide}.md`), 'utf8');
    const blocks = [...text.matchAll(/^( *)```yaml\n([^]*?)^ *```$/gm)]
      .map(([, indent = '', block = '']) => parse(block.replaceAll(new RegExp(`^${indent}`, 'gm'), '')) as Values)
      .filter((values) => 'kafka' in values || 'console' in values);
    assert.notDeepEqual(blocks, []);
    // Some show a part only.
    for (const block of blocks) assertValid(layOver(effectiveValues('minimal'), block));
  });
}

test('the values of the afternoon obey the schema', () => {
  const urls = { registry: 'http://127.0.0.1:1', api: 'http://127.0.0.1:2', collector: 'http://127.0.0.1:3' };
  assertValid(layOver(readValues('values.yaml'), valuesFor({ kafka: '127.0.0.1:4', ...urls }) as Values));
});

function assertValid(values: Values): void {
  const validate = compileSchema();
  assert.deepEqual(validate(values) ? [] : validate.errors, []);
}
