import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OwnedParts } from './owned-parts.ts';

test('parts close stage by stage, and a failure keeps none of the others open', async () => {
  const owned = new OwnedParts();
  const closed: string[] = [];
  const part = (stage: number, name: string, fault?: Error) =>
    owned.start(
      stage,
      () => Promise.resolve(name),
      (started) => {
        closed.push(started);
        return fault === undefined ? Promise.resolve() : Promise.reject(fault);
      },
    );
  await Promise.all([
    part(2, 'stack'),
    part(0, 'mapper', new Error('mapper hangs')),
    part(0, 'ingest'),
    part(1, 'api'),
  ]);
  await assert.rejects(owned.close(), /mapper hangs/);
  assert.deepEqual(closed, ['mapper', 'ingest', 'api', 'stack']);
  await owned.close();
  assert.equal(closed.length, 4, 'nothing is closed twice');
});

test('a part that is still starting when all is closed is waited for and closed as well', async () => {
  const owned = new OwnedParts();
  const slow = Promise.withResolvers<string>();
  const closed: string[] = [];
  const start = (begin: () => Promise<string>) =>
    owned.start(0, begin, async (name) => {
      closed.push(name);
    });
  const failed = start(() => Promise.reject(new Error('no Java')));
  const started = start(() => slow.promise);
  await assert.rejects(failed, /no Java/);
  const closing = owned.close();
  slow.resolve('kafka');
  await Promise.all([closing, started]);
  assert.deepEqual(closed, ['kafka']);
});
