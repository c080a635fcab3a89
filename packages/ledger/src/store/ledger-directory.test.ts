import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { partitionDirectory } from './ledger-directory.ts';

test('each group, topic and partition has a folder of its own below the ledger directory, whatever they are called', () => {
  const names = ['astrolabe.dispatcher', '..', '.', '...', 'a/b', 'a%2Fb', '../../etc', 'ä'];
  const root = join('/', 'data');
  const paths = names.flatMap((groupId) =>
    names.flatMap((topic) => [0, 1].map((partition) => partitionDirectory(root, { groupId, topic, partition }))),
  );
  assert.equal(new Set(paths).size, paths.length);
  for (const path of paths) assert.equal(join(path, '..', '..'), root);
  assert.equal(
    partitionDirectory(root, { groupId: 'astrolabe.dispatcher', topic: 'astrolabe.commands.v1', partition: 3 }),
    join(root, 'astrolabe.dispatcher', 'astrolabe.commands.v1-3'),
  );
});
