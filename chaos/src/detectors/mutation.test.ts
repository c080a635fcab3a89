import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { applyPatch, mutations, type Patch, type Mutation } from './mutation.ts';

const root = new URL('../../../', import.meta.url);

test("every patch's text stands in the product's source exactly once", () => {
  for (const [name, { patches }] of Object.entries<Mutation>(mutations)) {
    for (const patch of patches) {
      const source = readFileSync(new URL(patch.file, root), 'utf8');
      assert.ok(applyPatch(source, patch).includes(patch.by), name);
    }
  }
});

test('a text that is gone, or is there twice, is an error that names the file', () => {
  const patch: Patch = { file: 'a.ts', text: 'await', by: 'void' };
  assert.throws(() => applyPatch('return 1;', patch), /a\.ts holds "await" 0 times/);
  assert.throws(() => applyPatch('await a; await b;', patch), /a\.ts holds "await" 2 times/);
});
