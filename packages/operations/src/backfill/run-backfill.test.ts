import assert from 'node:assert/strict';
import { appendFile, mkdtemp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { createInMemoryLog } from '@astrolabe/records/in-memory';
import { systemClock } from '@astrolabe/service-kit/clock';
import { PipelineError } from '@astrolabe/service-kit/errors';
import { openBackfillState } from './backfill-state.ts';
import { findFiles } from './find-files.ts';
import { runBackfill, type BackfillReport, type BadLine } from './run-backfill.ts';

const EVENTS = 'events';
const DEAD_LETTERS = 'dead-letters';

async function setUp(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'backfill-'));
  t.after(() => rm(folder, { recursive: true }));
  await mkdir(join(folder, 'in'));
  const producer = createInMemoryLog();
  const bad: BadLine[] = [];
  const attempt = async () => {
    const opened = await openBackfillState(join(folder, 'state.json'), 'acme', EVENTS);
    const found = await findFiles([join(folder, 'in')]);
    assert.ok(opened.kind === 'state' && found.kind === 'files');
    return runBackfill({
      files: found.files,
      connectorId: 'acme',
      target: { producer, events: EVENTS, deadLetters: DEAD_LETTERS },
      state: opened.state,
      linesPerSecond: undefined,
      clock: systemClock,
      signal: new AbortController().signal,
      onEvent: (event) => {
        if (event.kind === 'bad-line') bad.push(event.line);
      },
    });
  };
  const run = async (): Promise<BackfillReport> => {
    const outcome = await attempt();
    return outcome.kind === 'done' ? outcome.report : assert.fail(JSON.stringify(outcome));
  };
  return { folder, producer, bad, run, attempt };
}

const event = (index: number) => `{"type":"track","event":"E","userId":"u${index % 7}","messageId":"m${index}"}\n`;
const lines = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => event(from + index)).join('');
const idsOn = (producer: ReturnType<typeof createInMemoryLog>, topic: string) =>
  producer.records(topic).map(({ headers }) => headers['message-id']?.toString());

test('every line is accounted for: events, dead letters and empty lines are all there are', async (t) => {
  const { folder, producer, bad, run } = await setUp(t);
  await writeFile(join(folder, 'in/a.ndjson'), `${lines(0, 2_500)}\nnot json\n`);
  await writeFile(join(folder, 'in/b.ndjson'), lines(2_500, 2_600));
  await writeFile(join(folder, 'in/_SUCCESS'), 'not an export');
  const report = await run();
  assert.deepEqual(report, { files: 2, resumedLines: 0, lines: 2_602, events: 2_600, deadLetters: 1, empty: 1 });
  assert.equal(new Set(idsOn(producer, EVENTS)).size, 2_600);
  assert.equal(producer.records(DEAD_LETTERS).length, 1);
  assert.deepEqual(
    bad.map(({ line, code }) => [line, code]),
    [[2_502, 'event.invalid-json']],
  );
});

test('a later run resumes after what was acknowledged, and stores nothing twice', async (t) => {
  const { folder, producer, run } = await setUp(t);
  await writeFile(join(folder, 'in/a.ndjson'), lines(0, 3_500));
  const send = producer.send;
  let calls = 0;
  const failing = t.mock.method(producer, 'send', (...args: Parameters<typeof send>) => {
    calls += 1;
    if (calls === 5) producer.failWith(new PipelineError('kafka.unavailable', 'away', { retryable: true }));
    return send(...args);
  });
  await assert.rejects(run(), { code: 'kafka.unavailable' });
  assert.equal(producer.records(EVENTS).length, 2_000);
  producer.failWith(undefined);
  failing.mock.restore();
  const report = await run();
  assert.deepEqual([report.lines, report.events, report.resumedLines], [3_500, 3_500, 2_000]);
  assert.equal(producer.records(EVENTS).length, 3_500);
  assert.equal((await run()).resumedLines, 3_500);
  assert.equal(producer.records(EVENTS).length, 3_500, 'what is done is not done again');
});

test('a file that has changed is read from its start, and the same events keep their ids', async (t) => {
  const { folder, producer, run } = await setUp(t);
  const path = join(folder, 'in/a.ndjson');
  await writeFile(path, lines(0, 10));
  await run();
  await appendFile(path, lines(10, 12));
  assert.equal((await run()).events, 12);
  assert.equal(producer.records(EVENTS).length, 22);
  assert.equal(new Set(idsOn(producer, EVENTS)).size, 12);
});

test("another backfill's state is refused", async (t) => {
  const { folder, run } = await setUp(t);
  await writeFile(join(folder, 'in/a.ndjson'), lines(0, 1));
  await run();
  const path = join(folder, 'state.json');
  assert.deepEqual(await openBackfillState(path, 'two', EVENTS), {
    kind: 'other-backfill',
    path,
    connector: 'acme',
    topic: EVENTS,
  });
  await writeFile(path, 'x');
  assert.deepEqual(await openBackfillState(path, 'acme', EVENTS), { kind: 'not-a-state', path });
  assert.equal(await readFile(path, 'utf8'), 'x');
});

test('files in an unsupported form are refused before anything is stored, each with what to do', async (t) => {
  const { folder, producer, attempt } = await setUp(t);
  await writeFile(join(folder, 'in/a.ndjson'), lines(0, 10));
  await writeFile(join(folder, 'in/b.zip'), Buffer.from('504b0304140000000800', 'hex'));
  await writeFile(join(folder, 'in/c.csv'), 'user_id,event\nu1,E\n');
  const outcome = await attempt();
  assert.ok(outcome.kind === 'refused-files');
  const [zip, csv, ...others] = outcome.refused.map(({ name, reason }) => `${name}: ${reason}`);
  assert.match(zip ?? '', /b\.zip: it is a zip archive.*unzip FILE/);
  assert.match(csv ?? '', /c\.csv: it starts with/);
  assert.deepEqual(others, []);
  assert.equal(producer.records(EVENTS).length + producer.records(DEAD_LETTERS).length, 0);
});

test('arrays, laid out or not, compressed or not, and objects without line breaks are stored event by event', async (t) => {
  const { folder, producer, bad, run } = await setUp(t);
  const events = (from: number, to: number) =>
    lines(from, to)
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
  await writeFile(join(folder, 'in/a.json'), JSON.stringify(events(0, 1_500), null, 2));
  await writeFile(join(folder, 'in/b.json'), gzipSync(`\ufeff${JSON.stringify(events(1_500, 2_000))}\n`));
  await writeFile(join(folder, 'in/c'), lines(2_000, 2_500).replaceAll('\n', ''));
  await writeFile(join(folder, 'in/d.gz'), Buffer.concat([gzipSync(lines(2_500, 2_600)), Buffer.from('\n')]));
  await writeFile(join(folder, 'in/e.json'), '[{"type":"track"},5]');
  const report = await run();
  assert.deepEqual([report.events, report.deadLetters], [2_600, 2]);
  assert.equal(new Set(idsOn(producer, EVENTS)).size, 2_600);
  assert.deepEqual(
    bad.map(({ place }) => place.slice(folder.length)),
    ['/in/e.json, event 1', '/in/e.json, event 2'],
  );
  assert.equal((await run()).resumedLines, 2_602, 'and a second run knows them');
});

test('data after a gzip file that are not gzip are reported, and everything before them is stored', async (t) => {
  const { folder, producer, run } = await setUp(t);
  await writeFile(join(folder, 'in/a.gz'), Buffer.concat([gzipSync(lines(0, 10)), Buffer.from(lines(10, 12))]));
  await assert.rejects(run(), /a\.gz: the gzip data end at byte \d+, and what follows is not gzip/);
  assert.equal(producer.records(DEAD_LETTERS).length, 0);
});
