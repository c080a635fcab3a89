import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PathTable } from './path-table.ts';

const table = new PathTable();
table.add('/', ['GET']);
table.add('/', ['HEAD']);
table.add('/v1/track', ['POST']);
table.add('/webhook/:connector', ['POST']);
table.add('/projects/:key/settings', ['GET', 'HEAD']);

const paths: Readonly<Record<string, string | undefined>> = {
  '/': 'GET, HEAD',
  '/?probe': 'GET, HEAD',
  '/v1/track': 'POST',
  '/v1/track/': 'POST',
  '//v1//track?a=/b': 'POST',
  '/v1/track/more': undefined,
  '/v1': undefined,
  '/webhook/acme': 'POST',
  '/webhook/': undefined,
  '/webhook/a/b': undefined,
  '/projects/k/settings': 'GET, HEAD',
  '/constructor': undefined,
  '': undefined,
};

for (const [path, allowed] of Object.entries(paths)) {
  test(`"${path}" ${allowed === undefined ? 'is not a path' : `takes ${allowed}`}`, () => {
    assert.equal(table.allowed(path), allowed);
  });
}
