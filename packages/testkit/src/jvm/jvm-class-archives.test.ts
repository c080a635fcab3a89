import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { NO_ARCHIVES, provideClassArchives, type ClassArchives } from './jvm-class-archives.ts';

async function temporaryDirectory(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'class-archives-'));
  t.after(() => rm(directory, { recursive: true }));
  return directory;
}

/** As a JVM does when it ends in good order. */
async function writeArchive(flags: readonly string[]): Promise<void> {
  const [, path = ''] = /^-XX:ArchiveClassesAtExit=(.*)$/.exec(flags.join()) ?? [];
  await writeFile(path, 'classes');
}

test('of several that start at once one makes the archives, and all use them', async (t) => {
  const directory = await temporaryDirectory(t);
  let trainings = 0;
  const train = async ({ kafkaFlags, registryFlags }: ClassArchives): Promise<void> => {
    trainings += 1;
    await Promise.all([writeArchive(kafkaFlags), writeArchive(registryFlags)]);
  };
  const provide = () => provideClassArchives({ directory, javaVersion: '17.0.15', train });
  const folder = join(directory, 'classes-java-17.0.15');
  const expected = {
    kafkaFlags: [`-XX:SharedArchiveFile=${join(folder, 'kafka.jsa')}`],
    registryFlags: [`-XX:SharedArchiveFile=${join(folder, 'registry.jsa')}`],
  };
  assert.deepEqual(await Promise.all([provide(), provide()]), [expected, expected]);
  assert.deepEqual([await provide(), trainings], [expected, 1]);
  assert.deepEqual(await readdir(directory), ['classes-java-17.0.15']);
});

test('an archive that a Java has not written is not asked for', async (t) => {
  const directory = await temporaryDirectory(t);
  const train = ({ kafkaFlags }: ClassArchives) => writeArchive(kafkaFlags);
  const { kafkaFlags, registryFlags } = await provideClassArchives({ directory, javaVersion: '21', train });
  assert.deepEqual([kafkaFlags.length, registryFlags.length], [1, 0]);
});

test('where none can be made everything starts without, and nothing is left', async (t) => {
  const directory = await temporaryDirectory(t);
  const train = () => Promise.reject(new Error('no such flag'));
  assert.deepEqual(await provideClassArchives({ directory, javaVersion: '21', train }), NO_ARCHIVES);
  assert.deepEqual(await readdir(directory), []);
  const nowhere = join(directory, 'absent');
  assert.deepEqual(await provideClassArchives({ directory: nowhere, javaVersion: '21', train }), NO_ARCHIVES);
});
