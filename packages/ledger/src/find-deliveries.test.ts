import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeChunk } from './chunk/chunk-codec.ts';
import { findDeliveries } from './find-deliveries.ts';
import { createInMemoryChangelog } from './changelog/in-memory-changelog.ts';
import { commandIdOf, delivery } from './testing/deliveries.ts';

test('the deliveries of the commands asked for are found on the changelog, all of them, within the window', async () => {
  let nowMs = 100;
  const changelog = createInMemoryChangelog(() => nowMs);
  await changelog.append(0, encodeChunk([delivery('old', { atMs: 100 })]));
  nowMs = 200;
  const odd = delivery('odd', { atMs: 200, commandId: '../x' });
  const first = delivery('a', { atMs: 190 });
  const second = delivery('a', { atMs: 200, outcome: 'duplicate' });
  await changelog.append(0, encodeChunk([first, delivery('b', { atMs: 200 }), odd]));
  await changelog.append(0, encodeChunk([second]));
  const found = await findDeliveries({
    changelog,
    partition: 0,
    commandIds: [commandIdOf('a'), commandIdOf('old'), commandIdOf('missing'), '../x'],
    afterMs: 100,
  });
  assert.deepEqual(
    found,
    new Map([
      [commandIdOf('a'), [first, second]],
      ['../x', [odd]],
    ]),
  );
});

test('who asks for nothing reads nothing', async () => {
  const changelog = createInMemoryChangelog();
  assert.equal((await findDeliveries({ changelog, partition: 0, commandIds: [], afterMs: 0 })).size, 0);
  assert.deepEqual(changelog.readsFrom, []);
});
