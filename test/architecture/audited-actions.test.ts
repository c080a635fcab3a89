/** Every action of the catalogue is done by some program, and none is done without its record. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { actionNames, auditedActions } from '@astrolabe/operations';
import { readSources, root } from './source-files.ts';

const sources = readSources();
const product = sources.filter(({ isTest, path }) => !isTest && !path.includes('/testing/'));

test('the documentation has each action of the catalogue, and no other', () => {
  const operating = readFileSync(join(root, 'docs/operating.md'), 'utf8');
  const [, table = ''] = /<!-- generated: audited actions -->([\s\S]*?)<!-- end -->/.exec(operating) ?? [];
  const documented = [...table.matchAll(/^\| `([a-z-]+)`/gm)].map(([, name]) => name);
  assert.deepEqual(documented, actionNames);
});

test('each action of the catalogue is recorded somewhere', () => {
  const recorded = product
    .filter(({ path }) => path.startsWith('packages/operations/') || path.startsWith('services/console/'))
    .filter(({ path }) => !path.endsWith('/audited-actions.ts') && !path.includes('/routes/'))
    .map(({ text }) => text)
    .join('\n');
  const missing = actionNames.filter((name) => !recorded.includes(`'${name}'`));
  assert.deepEqual(missing, []);
});

test('programs change something only by functions that record it', () => {
  const raw =
    /\b(?:redrive|dismiss|addConnector|setConnectorEnabled|editConnector|rotateKey|retireKey|applyTopics|applySchemas)\(/;
  const programs = product.filter(({ path }) => /^(?:cli|services\/console\/src)\//.test(path));
  assert.ok(programs.length > 0);
  const unrecorded = programs.filter(({ text }) => raw.test(text.replaceAll(/\.\w+\(/g, ''))).map(({ path }) => path);
  assert.deepEqual(unrecorded, []);
});

test('the command line does what the catalogue says it does', () => {
  const program = product
    .filter(({ path }) => path.startsWith('cli/'))
    .map(({ text }) => text)
    .join('\n');
  for (const { name, command } of auditedActions) {
    const verb = command?.split(' ')[1];
    if (verb !== undefined) assert.match(program, new RegExp(`'${verb}(?: <[^']*)?'`), name);
  }
});
