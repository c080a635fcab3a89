import assert from 'node:assert/strict';
import { basename, dirname } from 'node:path';
import { test, type TestContext } from 'node:test';
import { openConnectorSource } from './connector-source.ts';
import type { ConnectorFiles } from './connector-files.ts';
import type { ConnectorsChange } from './connectors-change.ts';
import { isPipelineError } from '../errors/errors.ts';
import { createLogger } from '../logs/logger.ts';
import { createManualClock } from '../clock/manual-clock.ts';
import { createMetrics } from '../process/metrics.ts';

const PATH = '/etc/astrolabe/connectors.json';
const POLL_MS = 5_000;
const SETTLE_MS = 100;

/** Files in memory whose writes are seen by the watches, or not. */
function createMemoryFiles() {
  const texts = new Map<string, string>();
  const watches = new Map<string, Set<(name: string | undefined) => void>>();
  let reads = 0;
  const files: ConnectorFiles = {
    readText: async (path) => {
      reads += 1;
      return texts.get(path) ?? Promise.reject(new Error(`ENOENT: no such file, open '${path}'`));
    },
    watchFolder: (folder, onEvent) => {
      const listeners = watches.get(folder) ?? new Set();
      watches.set(folder, listeners.add(onEvent));
      return { close: () => void listeners.delete(onEvent) };
    },
  };
  const writeUnseen = (path: string, content: unknown) =>
    void texts.set(path, typeof content === 'string' ? content : JSON.stringify(content));
  const tell = (folder: string, name: string | undefined) => watches.get(folder)?.forEach((listener) => listener(name));
  return {
    files,
    writeUnseen,
    tell,
    write: (path: string, content: unknown) => {
      writeUnseen(path, content);
      tell(dirname(path), basename(path));
    },
    remove: (path: string) => {
      texts.delete(path);
      tell(dirname(path), basename(path));
    },
    watchedFolders: () => [...watches].filter(([, listeners]) => listeners.size > 0).map(([folder]) => folder),
    reads: () => reads,
  };
}

const acme = { id: 'acme', name: 'Acme', apiKey: 'ak-acme' };
const globex = { id: 'globex', name: 'Globex', apiKey: 'ak-globex' };

async function open(
  t: TestContext,
  content: unknown,
  keyFiles: Readonly<Record<string, string>> = {},
  keys: 'read' | 'unread' = 'read',
) {
  const memory = createMemoryFiles();
  memory.writeUnseen(PATH, content);
  for (const [path, text] of Object.entries(keyFiles)) memory.writeUnseen(path, text);
  const clock = createManualClock();
  const lines: string[] = [];
  const metrics = createMetrics({ service: 'ingest' });
  const source = await openConnectorSource({
    path: PATH,
    env: {},
    logger: createLogger({ name: 'ingest', level: 'info', destination: { write: (line) => void lines.push(line) } }),
    metrics,
    clock,
    files: memory.files,
    keys,
    pollMs: POLL_MS,
    settleMs: SETTLE_MS,
  });
  t.after(() => source.close());
  const changes: ConnectorsChange[] = [];
  source.onChange((change) => void changes.push(change));
  const isValid = async () => {
    const text = await metrics.registry.getSingleMetricAsString('ingest_connectors_file_valid');
    return text.trim().endsWith(' 1');
  };
  const logged = () => lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  const ids = () =>
    source
      .current()
      .all()
      .map(({ id }) => id);
  return { ...memory, clock, source, changes, lines, logged, isValid, ids, metrics };
}

test('an edit takes effect once the file stops changing, and listeners and log get the changed ids', async (t) => {
  const { write, clock, source, changes, logged, ids, isValid } = await open(t, { connectors: [acme, globex] });
  assert.equal(await isValid(), true);
  const initech = { id: 'initech', name: 'Initech', apiKey: 'ak-initech' };
  write(PATH, { connectors: [initech, { ...acme, apiKey: 'ak-new', enabled: false, webhookSecret: 'ws' }] });
  await clock.advance(SETTLE_MS - 1);
  assert.deepEqual(ids(), ['acme', 'globex']);
  await clock.advance(1);
  assert.deepEqual(ids(), ['initech', 'acme']);
  assert.equal(source.current().byKey('ak-new')?.id, 'acme');
  assert.equal(source.current().byKey('ak-acme'), undefined);
  const change: ConnectorsChange = {
    added: ['initech'],
    removed: ['globex'],
    changed: [{ id: 'acme', fields: ['apiKey', 'enabled', 'webhookSecret'] }],
  };
  assert.deepEqual(changes, [change]);
  assert.deepEqual(
    logged().map(({ level, msg, added, removed, changed }) => ({ level, msg, added, removed, changed })),
    [{ level: 'info', msg: 'connectors changed', ...change }],
  );
});

test('a bad edit keeps the connectors and is logged once, with all its problems', async (t) => {
  const { write, clock, tell, changes, logged, ids, isValid } = await open(t, { connectors: [acme] });
  write(PATH, {
    connectors: [
      { ...acme, name: '' },
      { ...globex, enabled: 'yes' },
    ],
  });
  await clock.advance(SETTLE_MS);
  tell(dirname(PATH), basename(PATH));
  await clock.advance(10 * POLL_MS);
  assert.deepEqual(ids(), ['acme']);
  assert.deepEqual(changes, []);
  assert.equal(await isValid(), false);
  const [line, ...others] = logged();
  assert.deepEqual(others, []);
  assert.equal(line?.['level'], 'error');
  assert.equal(line['code'], 'connectors.invalid');
  assert.deepEqual(
    (line['problems'] as { place: string }[]).map(({ place }) => place),
    ['connectors[0].name', 'connectors[1].enabled'],
  );
  write(PATH, { connectors: [acme, acme] });
  await clock.advance(SETTLE_MS);
  assert.equal(logged().length, 2, 'other bad content is logged again');
});

test('undoing a bad edit is logged and changes nothing; the next good edit is compared with what was in effect', async (t) => {
  const { write, clock, changes, logged, isValid } = await open(t, { connectors: [acme] });
  write(PATH, '{');
  await clock.advance(SETTLE_MS);
  write(PATH, { connectors: [acme] });
  await clock.advance(SETTLE_MS);
  assert.equal(await isValid(), true);
  assert.deepEqual(changes, []);
  assert.deepEqual(
    logged().map(({ level }) => level),
    ['error', 'info'],
  );
  write(PATH, '[]');
  await clock.advance(SETTLE_MS);
  write(PATH, { connectors: [acme, globex] });
  await clock.advance(SETTLE_MS);
  assert.deepEqual(changes, [{ added: ['globex'], removed: [], changed: [] }]);
});

test('a file that is briefly missing, or half written, is neither an error nor a change', async (t) => {
  const { write, remove, clock, changes, lines, ids } = await open(t, { connectors: [acme] });
  remove(PATH);
  await clock.advance(SETTLE_MS - 1);
  write(PATH, '{"connectors": [');
  await clock.advance(SETTLE_MS - 1);
  write(PATH, { connectors: [acme, globex] });
  await clock.advance(SETTLE_MS - 1);
  assert.deepEqual([ids(), lines], [['acme'], []]);
  await clock.advance(2 * SETTLE_MS);
  assert.deepEqual(ids(), ['acme', 'globex']);
  assert.equal(changes.length, 1);
  assert.equal(lines.length, 1);
});

test('a file that remains missing is a bad edit', async (t) => {
  const { remove, clock, logged, ids } = await open(t, { connectors: [acme] });
  remove(PATH);
  await clock.advance(SETTLE_MS);
  assert.deepEqual(ids(), ['acme']);
  assert.match(JSON.stringify(logged()[0]?.['problems']), /ENOENT/);
});

test('an edit that the watch missed is found by the poll, and the watch is renewed', async (t) => {
  const { writeUnseen, write, clock, ids, changes } = await open(t, { connectors: [acme] });
  writeUnseen(PATH, { connectors: [globex] });
  await clock.advance(POLL_MS + SETTLE_MS);
  assert.deepEqual(ids(), ['globex']);
  write(PATH, { connectors: [acme] });
  await clock.advance(SETTLE_MS);
  assert.deepEqual(ids(), ['acme']);
  assert.equal(changes.length, 2);
});

test('a key rotated in its file takes effect, wherever the file is', async (t) => {
  const { write, clock, source, changes, watchedFolders } = await open(
    t,
    { connectors: [{ ...acme, apiKey: { file: 'acme.key' }, webhookSecret: { file: '/run/secrets/acme' } }] },
    { '/etc/astrolabe/acme.key': 'ak-1\n', '/run/secrets/acme': 'ws-1' },
  );
  assert.deepEqual(watchedFolders(), ['/etc/astrolabe', '/run/secrets']);
  write('/etc/astrolabe/acme.key', 'ak-2\n');
  await clock.advance(SETTLE_MS);
  write('/run/secrets/acme', 'ws-2');
  await clock.advance(SETTLE_MS);
  assert.equal(source.current().byKey('ak-2')?.webhookSecret, 'ws-2');
  assert.deepEqual(
    changes.map(({ changed }) => changed),
    [[{ id: 'acme', fields: ['apiKey'] }], [{ id: 'acme', fields: ['webhookSecret'] }]],
  );
  write(PATH, { connectors: [acme] });
  await clock.advance(SETTLE_MS);
  assert.deepEqual(watchedFolders(), ['/etc/astrolabe'], 'folders that no key comes from are let go');
});

test('a service that needs no keys runs without them: their variables and files are not required, and no key finds a connector', async (t) => {
  const { source, watchedFolders } = await open(
    t,
    {
      connectors: [
        {
          ...acme,
          apiKey: { env: 'ACME_KEY' },
          writeKeys: [{ file: '/run/secrets/acme' }, 'wk-acme'],
          webhookSecret: { env: 'ACME_SECRET' },
          freeEmailProviders: 'block',
        },
        { ...globex, apiKey: { file: '/run/secrets/globex' } },
      ],
    },
    {},
    'unread',
  );
  const { apiKey, writeKeys, freeEmailProviders, webhookSecret } = source.current().byId('acme') ?? {};
  assert.deepEqual(
    { apiKey, writeKeys, freeEmailProviders, webhookSecret },
    { apiKey: '', writeKeys: [], freeEmailProviders: 'block', webhookSecret: undefined },
  );
  for (const key of ['', 'wk-acme']) assert.equal(source.current().byKey(key), undefined);
  assert.deepEqual(watchedFolders(), ['/etc/astrolabe']);
});

test('the link that Kubernetes swaps is a sign of a change; other files in the folder are not', async (t) => {
  const { writeUnseen, tell, clock, ids, reads } = await open(t, { connectors: [acme] });
  const before = reads();
  tell(dirname(PATH), 'access.log');
  await clock.advance(SETTLE_MS);
  assert.equal(reads(), before);
  writeUnseen(PATH, { connectors: [globex] });
  tell(dirname(PATH), '..data');
  await clock.advance(SETTLE_MS);
  assert.deepEqual(ids(), ['globex']);
});

test('a new layout of the same content is not a change', async (t) => {
  const { write, clock, changes, lines } = await open(t, { connectors: [acme] });
  write(PATH, JSON.stringify({ connectors: [acme] }, null, 2));
  await clock.advance(SETTLE_MS);
  assert.deepEqual([changes, lines], [[], []]);
});

test('a folder that cannot be watched is logged once, and polling replaces the watch', async (t) => {
  const memory = createMemoryFiles();
  memory.writeUnseen(PATH, { connectors: [acme] });
  const clock = createManualClock();
  const lines: string[] = [];
  const source = await openConnectorSource({
    path: PATH,
    env: {},
    logger: createLogger({ name: 'ingest', level: 'warn', destination: { write: (line) => void lines.push(line) } }),
    metrics: createMetrics({ service: 'ingest' }),
    clock,
    files: {
      ...memory.files,
      watchFolder: () => {
        throw new Error('ENOSPC: too many watches');
      },
    },
    pollMs: POLL_MS,
    settleMs: SETTLE_MS,
  });
  t.after(() => source.close());
  for (const connector of [globex, acme, globex]) {
    memory.writeUnseen(PATH, { connectors: [connector] });
    await clock.advance(POLL_MS + SETTLE_MS);
    assert.equal(source.current().all()[0]?.id, connector.id);
  }
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? '', /ENOSPC.*changes in it take effect some seconds late/);
});

test('a bad file at the start is refused, and nothing is left watching', async () => {
  const memory = createMemoryFiles();
  const metrics = createMetrics({ service: 'ingest' });
  const logger = createLogger({ name: 'ingest', level: 'silent' });
  await assert.rejects(
    openConnectorSource({ path: PATH, env: {}, logger, metrics, clock: createManualClock(), files: memory.files }),
    (error) => isPipelineError(error, 'connectors.invalid'),
  );
  assert.deepEqual(memory.watchedFolders(), []);
});

test('after closing nothing is watched, read or scheduled, and the connectors remain', async (t) => {
  const { source, write, clock, watchedFolders, reads, ids } = await open(t, { connectors: [acme] });
  write(PATH, { connectors: [globex] });
  await clock.advance(SETTLE_MS - 1);
  await source.close();
  const before = reads();
  await clock.advance(10 * POLL_MS);
  assert.deepEqual([watchedFolders(), reads(), clock.remainingSleepsMs()], [[], before, []]);
  assert.deepEqual(ids(), ['acme']);
});

test('no reload, good or bad, shows a key or a secret in a log line or a metric', async (t) => {
  const { write, writeUnseen, remove, clock, lines, metrics } = await open(
    t,
    { connectors: [{ ...acme, apiKey: 'hunter2-a', writeKeys: [{ file: 'k' }], webhookSecret: 'hunter2 b' }] },
    { '/etc/astrolabe/k': 'hunter2-c' },
  );
  const secrets = { apiKey: 'hunter2-d', writeKeys: ['hunter2-e', { file: 'k' }], webhookSecret: 'hunter2 f' };
  const described = { id: 'acme', name: 'Acme', ...secrets };
  const contents: unknown[] = [
    { connectors: [described] },
    `{"connectors": [{"apiKey": "hunter2" x}]}`,
    `{"apiKey":hunter2}`,
    `hunter2`,
    JSON.stringify({ connectors: [described] }).slice(0, 60),
    { connectors: [described, described] },
    { connectors: [described, { ...globex, writeKeys: ['hunter2-d'] }] },
    { connectors: [{ ...described, apiKey: 'hunter2:' }] },
    { connectors: [{ ...described, apiKey: ['hunter2'] }] },
    { connectors: [{ ...described, apiKey: { env: 'ABSENT', value: 'hunter2' } }] },
    { connectors: [{ ...described, webhookSecret: 'hunter2\n' }] },
    { connectors: [{ ...described, writeKeys: 'hunter2' }] },
    { connectors: [{ ...described, freeEmailProviders: 'hunter2', enabled: 'hunter2', rateLimit: 'hunter2' }] },
    { connectors: [{ ...described, rateLimit: { eventsPerSecond: 'hunter2', burst: 'hunter2' } }] },
    { connectors: { hunter: 'hunter2' } },
    ['hunter2'],
    'null',
    { connectors: [described, globex] },
  ];
  for (const content of contents) {
    const before = lines.length;
    write(PATH, content);
    await clock.advance(SETTLE_MS);
    assert.equal(lines.length, before + 1, JSON.stringify(content));
  }
  writeUnseen('/etc/astrolabe/k', 'hunter2 with a blank');
  await clock.advance(POLL_MS + SETTLE_MS);
  remove('/etc/astrolabe/k');
  await clock.advance(SETTLE_MS);
  assert.equal(lines.length, contents.length + 2);
  assert.doesNotMatch(lines.join(''), /hunter2/);
  assert.doesNotMatch(await metrics.registry.metrics(), /hunter2/);
});

test('an edit that removes every connector is a bad edit; an empty file at the start, and its first connectors, are not', async (t) => {
  const { write, clock, logged, ids, isValid } = await open(t, { connectors: [acme, globex] });
  write(PATH, { connectors: [] });
  await clock.advance(SETTLE_MS);
  assert.deepEqual([ids(), await isValid()], [['acme', 'globex'], false]);
  assert.match(JSON.stringify(logged()), /removes every connector/);
  write(PATH, { connectors: [acme] });
  await clock.advance(SETTLE_MS);
  assert.deepEqual([ids(), await isValid()], [['acme'], true]);

  const empty = await open(t, { connectors: [] });
  assert.deepEqual([empty.ids(), await empty.isValid()], [[], true]);
  empty.write(PATH, { connectors: [acme] });
  await empty.clock.advance(SETTLE_MS);
  assert.deepEqual(empty.ids(), ['acme']);
});
