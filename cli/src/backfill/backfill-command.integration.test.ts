import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { readTopic } from '@astrolabe/kafka';
import { trackCall } from '@astrolabe/segment/testing';
import { startTestCluster } from '../testing/test-cluster.ts';
import { jsonLines, runAstrolabe } from '../testing/run-astrolabe.ts';
import type { BackfillReport } from '@astrolabe/operations';

const EVENTS = 100_000;

test('backfill of 100,000 events twice: every event is on the topic twice, under one id and one key', async (t) => {
  const { env, topics, connection } = await startTestCluster(t, 'backfill');
  const folder = await mkdtemp(join(tmpdir(), 'backfill-'));
  t.after(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'connectors.json'), '{"connectors":[{"id":"acme","name":"Acme","apiKey":"k"}]}');
  const lines = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, index) => {
      const call = trackCall(from + index, { userId: `u${(from + index) % 997}`, messageId: `m${from + index}` });
      return `${JSON.stringify(call)}\n`;
    }).join('');
  const files = [join(folder, 'a.gz'), join(folder, 'b.zst'), join(folder, 'c.json')] as const;
  await writeFile(files[0], gzipSync(lines(0, 40_000)));
  await writeFile(files[1], zstdCompressSync(lines(40_000, 80_000)));
  await writeFile(files[2], `${lines(80_000, EVENTS)}{"type":"track"}\n\n`);
  const verb = ['backfill', '--connector', 'acme', '--json', ...files];
  const configured = { ...env, CONNECTORS_FILE: join(folder, 'connectors.json') };

  const refused = await runAstrolabe(verb, configured);
  assert.equal(refused.exitCode, 2);
  assert.match(refused.stderr, /No terminal to confirm on; nothing changed\. Re-run with --execute/);

  const counts = {
    deletions: 0,
    files: 3,
    lines: EVENTS + 2,
    events: EVENTS,
    deadLetters: 1,
    empty: 1,
    resumedLines: 0,
  };
  for (let run = 0; run < 2; run += 1) {
    const done = await runAstrolabe([...verb, '--execute'], configured);
    assert.equal(done.exitCode, 1, 'a bad line is a failure that scripts see');
    assert.match(done.stderr, /c\.json:20001: .*\(event\.invalid\)/);
    const [{ badLines, connector, dryRun, ...report } = {}] = jsonLines<
      Partial<BackfillReport> & { badLines?: unknown; connector?: string; dryRun?: boolean }
    >(done);
    assert.deepEqual(report, counts);
    assert.deepEqual([connector, dryRun, (badLines as unknown[]).length], ['acme', false, 1]);
  }

  const seen = new Map<string, string[]>();
  const count = await readTopic({ connection, topic: topics.segmentEvents.name }, ({ headers, key, partition }) => {
    const id = headers['message-id']?.toString() ?? '';
    const places = seen.get(id) ?? [];
    places.push(`${partition} ${key?.toString()}`);
    seen.set(id, places);
  });
  assert.equal(count, 2 * EVENTS);
  assert.equal(seen.size, EVENTS);
  for (const [id, places] of seen) {
    assert.equal(places.length, 2, id);
    assert.equal(places[0], places[1], id);
  }
  assert.equal(await readTopic({ connection, topic: topics.segmentEventsDeadLetters.name }, () => undefined), 2);
});

test('a dry run validates every line, needs no cluster and stores nothing', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'backfill-'));
  t.after(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'connectors.json'), '{"connectors":[{"id":"acme","name":"Acme","apiKey":"k"}]}');
  await writeFile(join(folder, 'a.ndjson'), '{"type":"identify","userId":"u1"}\n{"type":\n');
  const env = { CONNECTORS_FILE: join(folder, 'connectors.json') };
  const checked = await runAstrolabe(['backfill', '--connector', 'acme', '--dry-run', join(folder, 'a.ndjson')], env);
  assert.equal(checked.exitCode, 1);
  assert.match(checked.stdout, /^Checked 1 event from 2 lines in 1 file,/);
  const unknown = await runAstrolabe(['backfill', '--connector', 'acm', '--dry-run', join(folder, 'a.ndjson')], env);
  assert.equal(unknown.exitCode, 2);
  assert.match(unknown.stderr, /has no connector "acm"; it has acme/);
});
