import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { ConnectorsProblem } from './connectors-file.ts';
import { isPipelineError, type PipelineError } from '../errors/errors.ts';
import { loadConnectors } from './load-connectors.ts';
import type { Environment } from '../config/read-config.ts';

async function write(t: TestContext, content: unknown): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'connectors-'));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, 'connectors.json');
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

async function refusalOf(path: string, env: Environment = {}): Promise<PipelineError> {
  try {
    await loadConnectors(path, env);
  } catch (error) {
    assert.ok(isPipelineError(error, 'connectors.invalid'));
    assert.equal(error.retryable, false);
    return error;
  }
  return assert.fail('the file was accepted');
}

async function problemsOf(t: TestContext, content: unknown, env: Environment = {}): Promise<[string, string][]> {
  const error = await refusalOf(await write(t, content), env);
  return (error.details['problems'] as ConnectorsProblem[]).map(({ place, message }) => [place, message]);
}

test('keys come inline, from the environment and from files beside the connectors file', async (t) => {
  const path = await write(t, {
    $schema: './schemas/connectors.schema.json',
    connectors: [
      {
        id: 'acme',
        name: 'Acme',
        apiKey: { env: 'ACME_KEY' },
        writeKeys: ['wk-inline', { file: 'write-key' }],
        freeEmailProviders: 'block',
        enabled: false,
      },
    ],
  });
  await writeFile(join(path, '..', 'write-key'), 'wk-file\r\n\n');
  const directory = await loadConnectors(path, { ACME_KEY: 'ak-env' });
  assert.deepEqual(directory.all(), [
    {
      id: 'acme',
      name: 'Acme',
      apiKey: 'ak-env',
      writeKeys: ['wk-inline', 'wk-file'],
      freeEmailProviders: 'block',
      enabled: false,
    },
  ]);
  assert.equal(directory.byKey('wk-file')?.id, 'acme');
});

test('a connector without the optional fields is enabled, has no write keys and allows free email providers', async (t) => {
  const path = await write(t, { connectors: [{ id: 'acme', name: 'Acme', apiKey: 'ak' }] });
  const [connector] = (await loadConnectors(path, {})).all();
  assert.deepEqual(connector, {
    id: 'acme',
    name: 'Acme',
    apiKey: 'ak',
    writeKeys: [],
    freeEmailProviders: 'allow',
    enabled: true,
  });
});

test('a missing file is refused with its path and the setting', async () => {
  const error = await refusalOf('/nowhere/connectors.json');
  assert.match(error.message, /\/nowhere\/connectors\.json .*\n.*ENOENT.*set CONNECTORS_FILE/);
});

test('a file that is not JSON is refused by position, without quoting it', async (t) => {
  for (const [text, place] of [
    ['{"connectors": [{"apiKey": "hunter2" x}]}', / line 1 column 38$/],
    ['{"apiKey":hunter2}', /is not JSON$/],
  ] as const) {
    const error = await refusalOf(await write(t, text));
    assert.match(error.message, place);
    assert.doesNotMatch(`${error.message} ${JSON.stringify(error.details)}`, /hun/);
    assert.equal(error.cause, undefined);
  }
});

test('every breach of the format is listed with its place', async (t) => {
  const problems = await problemsOf(t, {
    connectors: [
      { id: 'Acme', name: '', apiKey: 5 },
      { id: 'globex', name: 'Globex', apiKey: { env: '' }, freeEmailProviders: 'never', extra: 1 },
    ],
  });
  assert.deepEqual(
    problems.map(([place]) => place),
    [
      'connectors[0].id',
      'connectors[0].name',
      'connectors[0].apiKey',
      'connectors[1].apiKey.env',
      'connectors[1].freeEmailProviders',
      'connectors[1]',
    ],
  );
  assert.match(problems[2]?.[1] ?? '', /expected a key as text, \{"env": "NAME"\} or \{"file": "path"\}/);
  assert.match(problems[5]?.[1] ?? '', /extra/);
});

test('an id or a key that is used twice is refused with both places', async (t) => {
  const problems = await problemsOf(t, {
    connectors: [
      { id: 'acme', name: 'Acme', apiKey: 'hunter2', writeKeys: ['wk', 'wk'] },
      { id: 'acme', name: 'Acme again', apiKey: 'ak', writeKeys: ['hunter2'] },
    ],
  });
  assert.deepEqual(problems, [
    ['connectors[0].writeKeys[1]', 'the key is that of connectors[0].writeKeys[0]; each is used once'],
    ['connectors[1].id', 'the id is that of connectors[0].id; each is used once'],
    ['connectors[1].writeKeys[0]', 'the key is that of connectors[0].apiKey; each is used once'],
  ]);
});

test('a key that is missing, empty or unfit for Basic authentication is refused, and never shown', async (t) => {
  const problems = await problemsOf(
    t,
    {
      connectors: [
        { id: 'a', name: 'A', apiKey: { env: 'ABSENT' } },
        { id: 'b', name: 'B', apiKey: { file: 'absent' } },
        { id: 'c', name: 'C', apiKey: '' },
        { id: 'd', name: 'D', apiKey: 'hunter2:x', writeKeys: ['hunter2 x', { env: 'KEY' }] },
      ],
    },
    { KEY: 'hunter2\n' },
  );
  assert.deepEqual(
    problems.map(([place]) => place),
    [
      'connectors[0].apiKey',
      'connectors[1].apiKey',
      'connectors[2].apiKey',
      'connectors[3].apiKey',
      'connectors[3].writeKeys[0]',
      'connectors[3].writeKeys[1]',
    ],
  );
  assert.equal(problems[0]?.[1], 'environment variable ABSENT is not set');
  assert.match(problems[1]?.[1] ?? '', /ENOENT/);
  assert.doesNotMatch(JSON.stringify(problems), /hunter2/);
});

test('a webhook secret comes from the same places, may be any text, and identifies no sender', async (t) => {
  const connector = { name: 'N', freeEmailProviders: 'allow', enabled: true };
  const path = await write(t, {
    connectors: [
      { ...connector, id: 'a', apiKey: 'ak-a', webhookSecret: 'a b: ü' },
      { ...connector, id: 'b', apiKey: 'ak-b', webhookSecret: { env: 'SECRET' } },
      { ...connector, id: 'c', apiKey: 'ak-c', webhookSecret: { file: 'secret' } },
    ],
  });
  await writeFile(join(path, '..', 'secret'), 'from a file\n');
  const directory = await loadConnectors(path, { SECRET: 'from the environment' });
  assert.deepEqual(
    directory.all().map(({ webhookSecret }) => webhookSecret),
    ['a b: ü', 'from the environment', 'from a file'],
  );
  for (const { webhookSecret } of directory.all()) assert.equal(directory.byKey(webhookSecret ?? ''), undefined);
});

test('a webhook secret that is missing, empty or of several lines is refused, and never shown', async (t) => {
  const problems = await problemsOf(
    t,
    {
      connectors: [
        { id: 'a', name: 'A', apiKey: 'ak-a', webhookSecret: '' },
        { id: 'b', name: 'B', apiKey: 'ak-b', webhookSecret: { env: 'ABSENT' } },
        { id: 'c', name: 'C', apiKey: 'ak-c', webhookSecret: { env: 'SECRET' } },
      ],
    },
    { SECRET: 'hunter2\nhunter2' },
  );
  assert.deepEqual(problems, [
    ['connectors[0].webhookSecret', 'a secret is not empty and has no control characters'],
    ['connectors[1].webhookSecret', 'environment variable ABSENT is not set'],
    ['connectors[2].webhookSecret', 'a secret is not empty and has no control characters'],
  ]);
});

test('email domains are normalised, whatever their case, script and final dot', async (t) => {
  const path = await write(t, {
    connectors: [
      {
        id: 'acme',
        name: 'Acme',
        apiKey: 'ak',
        allowedEmailDomains: ['Acme.COM', 'müll.email'],
        deniedEmailDomains: ['xn--r8jz45g.xn--zckzah', 'eu.acme.com.'],
      },
    ],
  });
  const connector = (await loadConnectors(path, {})).byId('acme');
  assert.deepEqual(connector?.allowedEmailDomains, ['acme.com', 'xn--mll-hoa.email']);
  assert.deepEqual(connector.deniedEmailDomains, ['xn--r8jz45g.xn--zckzah', 'eu.acme.com']);
});

test('an invalid email domain is refused by its place and not shown', async (t) => {
  const acme = { id: 'acme', name: 'Acme', apiKey: 'ak' };
  const problems = await problemsOf(t, {
    connectors: [
      { ...acme, allowedEmailDomains: ['acme.com', 'hunter2', '@acme.com'], deniedEmailDomains: 'acme.com' },
    ],
  });
  assert.deepEqual(
    problems.map(([place]) => place),
    [
      'connectors[0].allowedEmailDomains[1]',
      'connectors[0].allowedEmailDomains[2]',
      'connectors[0].deniedEmailDomains',
    ],
  );
  assert.equal(problems[0]?.[1], 'expected a domain of email addresses, such as acme.com, without an @');
  assert.doesNotMatch(JSON.stringify(problems), /hunter2/);
});

test('a domain that is allowed and denied is refused with both places, and one above another is not', async (t) => {
  const acme = { id: 'acme', name: 'Acme', apiKey: 'ak', allowedEmailDomains: ['eu.acme.com', 'müll.email'] };
  const problems = await problemsOf(t, {
    connectors: [{ ...acme, deniedEmailDomains: ['acme.com', 'XN--MLL-HOA.email'] }],
  });
  assert.deepEqual(problems, [
    [
      'connectors[0].deniedEmailDomains[1]',
      'the domain is that of connectors[0].allowedEmailDomains[1]; it is allowed or denied',
    ],
  ]);
});

test('a rate limit is two whole numbers, of which only the rate may be 0', async (t) => {
  const connector = { id: 'acme', name: 'Acme', apiKey: 'ak' };
  const rateLimit = { eventsPerSecond: 0, burst: 1 };
  const path = await write(t, { connectors: [{ ...connector, rateLimit }] });
  assert.deepEqual((await loadConnectors(path, {})).byId('acme')?.rateLimit, rateLimit);
  for (const [broken, place] of [
    [{ eventsPerSecond: 1 }, 'rateLimit.burst'],
    [{ eventsPerSecond: -1, burst: 1 }, 'rateLimit.eventsPerSecond'],
    [{ eventsPerSecond: 0.5, burst: 1 }, 'rateLimit.eventsPerSecond'],
    [{ eventsPerSecond: 1, burst: 0 }, 'rateLimit.burst'],
    [{ eventsPerSecond: 1, burst: 1, burts: 1 }, 'rateLimit'],
  ] as const) {
    const problems = await problemsOf(t, { connectors: [{ ...connector, rateLimit: broken }] });
    assert.deepEqual(
      problems.map(([at]) => at),
      [`connectors[0].${place}`],
    );
  }
});

test('delivery settings are optional, each within its bounds', async (t) => {
  const connector = { id: 'acme', name: 'Acme', apiKey: 'ak' };
  for (const delivery of [{}, { bulk: false }, { maxConcurrentCalls: 1, callsPerSecond: 0, bulk: true }]) {
    const path = await write(t, { connectors: [{ ...connector, delivery }] });
    assert.deepEqual((await loadConnectors(path, {})).byId('acme')?.delivery, delivery);
  }
  for (const [broken, place] of [
    [{ maxConcurrentCalls: 0 }, 'delivery.maxConcurrentCalls'],
    [{ maxConcurrentCalls: 4_097 }, 'delivery.maxConcurrentCalls'],
    [{ callsPerSecond: 0.5 }, 'delivery.callsPerSecond'],
    [{ callsPerSecond: -1 }, 'delivery.callsPerSecond'],
    [{ bulk: 100 }, 'delivery.bulk'],
    [{ bulkMaxCommands: 100 }, 'delivery'],
  ] as const) {
    const problems = await problemsOf(t, { connectors: [{ ...connector, delivery: broken }] });
    assert.deepEqual(
      problems.map(([at]) => at),
      [`connectors[0].${place}`],
    );
  }
});

const MARK = '\ufeff';

test('a byte order mark, which some editors put first, does not belong to the file or a key', async (t) => {
  const path = await write(
    t,
    `${MARK}{"connectors":[{"id":"acme","name":"Acme","apiKey":{"file":"key"},"webhookSecret":{"file":"secret"}}]}`,
  );
  await writeFile(join(dirname(path), 'key'), `${MARK}key-acme\r\n`);
  await writeFile(join(dirname(path), 'secret'), `${MARK}secret\n`);
  const connector = (await loadConnectors(path, {})).byId('acme');
  assert.deepEqual([connector?.apiKey, connector?.webhookSecret], ['key-acme', 'secret']);
});

test('a file in another encoding is refused by its name', async (t) => {
  const text = '{"connectors":[]}';
  for (const [bytes, name] of [
    [Buffer.from(`${MARK}${text}`, 'utf16le'), 'UTF-16 (little-endian)'],
    [Buffer.from(`${MARK}${text}`, 'utf16le').swap16(), 'UTF-16 (big-endian)'],
    [Buffer.from(text, 'utf16le'), 'UTF-16 (little-endian)'],
  ] as const) {
    const path = await write(t, '');
    await writeFile(path, bytes);
    assert.ok((await refusalOf(path)).message.includes(`the file is ${name}; save it as UTF-8`));
  }
});
