import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { systemClock } from '@astrolabe/service-kit/clock';
import { partitionDirectory } from './store/ledger-directory.ts';
import { sweepDirectories } from './store/sweep-directories.ts';
import { openChangelogOnBroker } from './testing/changelog-on-broker.ts';
import { commandIdOf, delivery } from './testing/deliveries.ts';
import { openLedger, temporaryDirectory } from './testing/open-ledger.ts';

const HOUR_MS = 3_600_000;

test('a partition that comes back after its folder was swept knows what was delivered within the window', async (t) => {
  const changelog = await openChangelogOnBroker(t);
  const root = temporaryDirectory();
  t.after(() => root.remove());
  const folder = partitionDirectory(root.path, { groupId: 'g', topic: 't', partition: 3 });
  const atMs = systemClock.nowMs();
  const options = { directory: folder, changelog, clock: systemClock, windowMs: HOUR_MS };
  const attempts = { commandId: commandIdOf('failing'), offset: 5n, count: 2, firstAtMs: atMs, spentMs: 300, atMs };
  const ledger = await openLedger(options);
  ledger.recordAttempts(attempts);
  await ledger.record(delivery('delivered', { atMs, offset: 4n }));
  await ledger.close();

  // As long after the last write as the window is.
  const swept = await sweepDirectories({ directory: root.path, unusedSinceMs: systemClock.nowMs() + HOUR_MS });
  assert.deepEqual(
    swept.map(({ path }) => path),
    [folder],
  );
  assert.equal(existsSync(folder), false);

  const again = await openLedger(options);
  assert.deepEqual(again.lookup(commandIdOf('delivered')), delivery('delivered', { atMs, offset: 4n }));
  assert.deepEqual(again.attempts(attempts.commandId), attempts);
  await again.close();
});
