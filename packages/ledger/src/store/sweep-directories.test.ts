import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { createInMemoryChangelog } from '../changelog/in-memory-changelog.ts';
import { commandIdOf, delivery } from '../testing/deliveries.ts';
import { WINDOW_MS, createTestClock, openLedger, temporaryDirectory } from '../testing/open-ledger.ts';
import { partitionDirectory } from './ledger-directory.ts';
import { sweepDirectories } from './sweep-directories.ts';

const GROUP = { groupId: 'astrolabe.dispatcher', topic: 'astrolabe.commands.v1' };

function setUp(t: TestContext) {
  const root = temporaryDirectory();
  t.after(() => root.remove());
  const clock = createTestClock(Date.now());
  const changelog = createInMemoryChangelog(() => clock.nowMs());
  const folderOf = (partition: number) => partitionDirectory(root.path, { ...GROUP, partition });
  const open = (partition: number) => openLedger({ directory: folderOf(partition), changelog, clock });
  /** A partition that was here, with one delivery. */
  const leave = async (partition: number, name: string) => {
    const ledger = await open(partition);
    await ledger.record(delivery(name, { atMs: clock.nowMs() }));
    await ledger.close();
    touch(folderOf(partition), clock.nowMs());
  };
  const sweep = async () => {
    const swept = await sweepDirectories({ directory: root.path, unusedSinceMs: clock.nowMs() - WINDOW_MS });
    return swept.map(({ path }) => path);
  };
  const folders = () => readdirSync(join(root.path, GROUP.groupId)).filter((name) => name !== 'lock');
  return { root, clock, folderOf, open, leave, sweep, folders };
}

test('the folder of a partition that has not been here for a whole window is removed, and not before', async (t) => {
  const { clock, folderOf, leave, sweep, folders } = setUp(t);
  await leave(1, 'a');
  assert.deepEqual(await sweep(), []);
  clock.advance(WINDOW_MS / 2);
  await leave(2, 'b');
  clock.advance(WINDOW_MS / 2 + 1);
  assert.deepEqual(await sweep(), [folderOf(1)]);
  assert.deepEqual(folders(), ['astrolabe.commands.v1-2']);
});

test('a partition that comes back after its folder was swept knows what was delivered within the window', async (t) => {
  const { clock, leave, open, sweep, folderOf } = setUp(t);
  await leave(3, 'old');
  clock.advance(WINDOW_MS + 1_000);
  // Delivered by an owner elsewhere meanwhile; partition 3 is the one that the changelog is of.
  await leave(4, 'recent');
  assert.deepEqual(await sweep(), [folderOf(3)]);
  const ledger = await open(3);
  assert.equal(ledger.lookup(commandIdOf('recent'))?.outcome, 'delivered');
  await ledger.close();
});

test('a folder that is in use stays, here and in another process, however long nothing was written to it', async (t) => {
  const { clock, folderOf, leave, open, sweep } = setUp(t);
  await leave(1, 'a');
  const ledger = await open(1);
  await leave(2, 'b');
  const child = spawn(process.execPath, ['--input-type=module', '--eval', holder, lockModule, folderOf(2)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  clock.advance(10 * WINDOW_MS);
  assert.deepEqual(await sweep(), []);
  await ledger.close();
  child.kill('SIGKILL');
  await once(child, 'exit');
  clock.advance(10 * WINDOW_MS);
  assert.deepEqual(await sweep(), [folderOf(1), folderOf(2)]);
});

test('what is not of this ledger stays: other files, and folders of other names', async (t) => {
  const { root, clock, folderOf, leave, sweep } = setUp(t);
  await leave(1, 'a');
  writeFileSync(join(folderOf(1), 'notes.txt'), 'mine');
  mkdirSync(join(root.path, 'lost+found'));
  mkdirSync(join(root.path, GROUP.groupId, 'backup'));
  writeFileSync(join(root.path, 'README'), '');
  clock.advance(10 * WINDOW_MS);
  assert.deepEqual(await sweep(), []);
});

test('a sweep that was killed on the way is finished by the next one', async (t) => {
  const { root, sweep, folders } = setUp(t);
  const half = join(root.path, GROUP.groupId, '.swept-astrolabe.commands.v1-7');
  mkdirSync(half, { recursive: true });
  writeFileSync(join(half, '0000000000.segment'), 'x');
  await sweep();
  assert.deepEqual(folders(), []);
});

test('a ledger directory that nobody has used yet has nothing to sweep', async (t) => {
  const { root } = setUp(t);
  assert.deepEqual(await sweepDirectories({ directory: join(root.path, 'none'), unusedSinceMs: 1 }), []);
});

const lockModule = import.meta.resolve('./directory-lock.ts');
const holder = `
  const { lockDirectory } = await import(process.argv[1]);
  await lockDirectory(process.argv[2], 0);
  process.stdout.write('locked');
  setInterval(() => {}, 60_000);
`;

/** As if it had last been written to at that time. */
function touch(folder: string, atMs: number): void {
  assert.ok(statSync(folder).isDirectory());
  for (const path of [...readdirSync(folder).map((name) => join(folder, name)), folder]) {
    utimesSync(path, atMs / 1_000, atMs / 1_000);
  }
}
