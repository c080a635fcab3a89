/** The Kafka client knows Kafka, and nothing of what is sent through it: it could be taken out and used elsewhere. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import ts from 'typescript';
import { readSources } from './source-files.ts';

const PRODUCT_WORD = /connector|command|mapper|dispatcher|astrolabe/i;

test('no identifier of packages/kafka has a word of the product', () => {
  const breaches = readSources()
    .filter(({ path, isTest }) => path.startsWith('packages/kafka/src/') && !isTest)
    .flatMap(({ path, text }) =>
      identifiersOf(text)
        .filter((name) => PRODUCT_WORD.test(name))
        .map((name) => `${path}: ${name}`),
    );
  assert.deepEqual(breaches, []);
});

function identifiersOf(text: string): string[] {
  const names = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) || ts.isPrivateIdentifier(node)) names.add(node.text);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile('client.ts', text, ts.ScriptTarget.Latest));
  return [...names];
}
