import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { headerNames, headerText, toHeaders } from './headers.ts';

test('docs/architecture.md lists exactly the headers that records carry', () => {
  const document = readFileSync(new URL('../../../../docs/architecture.md', import.meta.url), 'utf8');
  const [, section = ''] = /<!-- generated: headers -->([\s\S]*?)<!-- end -->/.exec(document) ?? [];
  const listed = [...section.matchAll(/^\| `([^`]+)`/gm)].map(([, name]) => name);
  assert.deepEqual(listed.sort(), Object.values<string>(headerNames).sort());
});

test('headers are built from text, without those that have none', () => {
  assert.deepEqual(toHeaders({ 'connector-id': 'acmé', 'message-id': undefined }), {
    'connector-id': Buffer.from('acmé', 'utf8'),
  });
});

test('a header reads as text, and is undefined where the record has none', () => {
  const headers = toHeaders({ 'connector-id': 'acmé' });
  assert.equal(headerText({ headers }, 'connector-id'), 'acmé');
  assert.equal(headerText({ headers }, 'message-id'), undefined);
});
