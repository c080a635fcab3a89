/**
 * Hostile input to running services, all on one stack: each test sends its part while a healthy connector's events
 * pass, and afterwards no service has ended or grown, each record has a counted outcome, and no secret shows anywhere.
 */
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { after, before, test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseJson, type JsonObject } from '@astrolabe/schemas';
import { eventually, sumOf } from '@astrolabe/testkit';
import { apiCases } from './api-cases.ts';
import { edgeCases } from './edge-cases.ts';
import { startHealthySender } from './healthy-sender.ts';
import { startHostilePipeline, type HostileConnector, type HostilePipeline } from './hostile-pipeline.ts';
import type { ProcessMemory, ServiceName } from './hostile-processes.ts';
import { answers, basic, exchange, open, post } from './http-client.ts';
import {
  commandRecords,
  eventRecords,
  keylessCommand,
  keylessEvent,
  strangersEvents,
  type RecordCase,
} from './record-cases.ts';
import { LONE_SURROGATE, LONG_ID, oddIds, rawCases, requestCases } from './request-cases.ts';
import { findSecrets, newKey, processText } from './secrets.ts';

/** Its write key is in SDK settings, which name it, so it is not among the secrets. */
const healthy = { id: 'healthy', apiKey: newKey(), writeKeys: [newKey()] };
const victim = { id: 'victim', apiKey: newKey(), writeKeys: [newKey()], webhookSecret: newKey() };
const refused = { id: 'refused', apiKey: newKey() };
const misled = apiCases.map(({ id }) => ({ id, apiKey: newKey() }));
const connectors: readonly HostileConnector[] = [healthy, victim, refused, ...misled];
const secrets = [...connectors.map(({ apiKey }) => apiKey), ...victim.writeKeys, victim.webhookSecret];

/**
 * Of resident memory, at any time: two records of 130,000 headers are 100 MB of objects and their garbage on their way
 * through, and V8 gives back late what it has taken.
 */
const MAX_GROWTH_BYTES = 200_000_000;
/**
 * Of the heap after a collection. Code that runs for the first time, and the tables of metrics, are a few megabytes.
 */
const MAX_HELD_BYTES = 20_000_000;
const DRAIN_MS = 40_000;

let pipeline: HostilePipeline;

before(
  async () => {
    pipeline = await startHostilePipeline(connectors, {
      // So that headers of a proxy count at all.
      ingest: { INGEST_TRUSTED_PROXIES: '1' },
      dispatcher: {
        // Longer than 130,000 headers may hold a busy machine's event loop: only calls that are made to fail shall run
        // out of retries.
        DISPATCHER_API_TIMEOUT_MS: '3000',
        DISPATCHER_RETRY_BUDGET_MS: '15000',
        DISPATCHER_RETRY_MAX_MS: '500',
        DISPATCHER_CIRCUIT_MAX_PAUSE_MS: '500',
      },
    });
  },
  { timeout: 300_000 },
);
after(() => pipeline.close());

/** The services' last words, where they do not get there. */
async function untilDrained(): Promise<void> {
  try {
    await eventually(() => pipeline.isDrained(), {
      timeoutMs: DRAIN_MS,
      intervalMs: 200,
      describe: 'all to be committed',
    });
  } catch (error) {
    const { ingest, mapper, dispatcher } = pipeline.services;
    const words = [ingest, mapper, dispatcher].flatMap((service) => [service.name, ...service.logs().slice(-12)]);
    throw new Error(words.map((line) => line.slice(0, 2_000)).join('\n'), { cause: error });
  }
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1e6);
}

/** Runs the work beside a healthy connector, and holds the services to what they promise under it. */
async function underWatch(t: TestContext, work: () => Promise<void>): Promise<void> {
  const { services, api } = pipeline;
  const held = await pipeline.heldBytes();
  const before = await pipeline.memory();
  const sender = startHealthySender(services.ingest.url, api, healthy);
  const peak: Record<ServiceName, ProcessMemory> = { ...before };
  const watching = setInterval(() => {
    void pipeline.memory().then(
      (now) => {
        for (const name of Object.keys(peak) as ServiceName[]) {
          if (now[name].residentBytes > peak[name].residentBytes) peak[name] = now[name];
        }
      },
      () => undefined,
    );
  }, 500);
  let sent: Awaited<ReturnType<typeof sender.finish>>;
  try {
    await work();
  } finally {
    clearInterval(watching);
    // Also where the work fails: the tests after it count what is stored.
    sent = await sender.finish();
  }
  const { events, slowestMs } = sent;
  await untilDrained();
  await pipeline.assertAlive();
  const heldAfter = await pipeline.heldBytes();
  for (const name of Object.keys(peak) as ServiceName[]) {
    const growth = peak[name].residentBytes - before[name].residentBytes;
    const heldMore = heldAfter[name] - held[name];
    const { residentBytes, heapBytes, externalBytes } = peak[name];
    t.diagnostic(
      `${name}: ${megabytes(growth)} MB more at most, then ${megabytes(residentBytes)} MB, of which heap ${megabytes(heapBytes)} and buffers ${megabytes(externalBytes)}; ` +
        `after a collection ${megabytes(heldAfter[name])} MB of heap, ${megabytes(heldMore)} more than before`,
    );
    assert.ok(growth < MAX_GROWTH_BYTES, `${name} grew by ${growth} bytes`);
    assert.ok(heldMore < MAX_HELD_BYTES, `${name} holds ${heldMore} bytes more than before`);
  }
  t.diagnostic(`healthy connector: ${events} events, the slowest took ${slowestMs} ms`);
}

test('whatever a body holds, it is answered, and each of its events is stored or named as refused', async (t) => {
  const { url } = pipeline.services.ingest;
  const authorization = basic(victim.apiKey);
  await underWatch(t, async () => {
    for (const each of requestCases) {
      const { name, body, headers = {}, path, status, code } = each;
      const answer = await post(url, body, { authorization, headers, ...(path === undefined ? {} : { path }) });
      assert.equal(answer.status, status, `${name}: ${answer.text.slice(0, 300)}`);
      if (code !== undefined) assert.ok(answer.text.includes(`"${code}"`), `${name}: ${answer.text.slice(0, 300)}`);
      assert.ok(answer.text.length < 1_000_000, `${name} is answered at length`);
    }
  });
  const stored = (await pipeline.read('segmentEvents')).filter(
    ({ headers }) => String(headers['connector-id']) === victim.id,
  );
  const refusedEvents = await pipeline.read('segmentEventsDeadLetters');
  const samples = await pipeline.samples('ingest');
  const counted = (verdict: string): number => sumOf(samples, 'ingest_events_total', { connector: victim.id, verdict });
  assert.equal(stored.length, counted('accepted') + counted('unsupported'));
  assert.equal(
    refusedEvents.filter(({ headers }) => String(headers['dlq.group']) === 'ingest').length,
    counted('rejected'),
  );
  const properties = await readUser(victim.apiKey, 'odd-body');
  assert.deepEqual(Object.keys(properties).sort(), [
    '__proto__',
    'a',
    'a\u0000b',
    'a\ufffd',
    'constructor',
    'toString',
    '\ufffd',
  ]);
});

test('two hosts, other origins, images, unproven webhooks and forged proxies are answered as they are, and nothing comes back that was not asked', async (t) => {
  const { url } = pipeline.services.ingest;
  const fill = (part: string): string =>
    part
      .replace('%KEY%', basic(victim.apiKey))
      .replace('%WRITE_KEY%', encodeURIComponent(victim.writeKeys[0] ?? assert.fail()))
      .replace('%PAGE_KEY%', encodeURIComponent(healthy.writeKeys[0] ?? assert.fail()));
  await underWatch(t, async () => {
    for (const { name, parts, statuses, shows = [], hides } of edgeCases) {
      const { status, text } = await exchange(url, parts.map(fill));
      assert.ok(statuses.includes(status), `${name} was answered ${status}: ${text.slice(0, 300)}`);
      for (const shown of shows) assert.match(text, shown, name);
      if (hides !== undefined) assert.doesNotMatch(text, hides, name);
    }
  });
  assert.ok(!('polluted' in {}));
});

test('half requests and floods of headers are answered or closed, and slow senders hold nobody up', async (t) => {
  const { url } = pipeline.services.ingest;
  await underWatch(t, async () => {
    const head = 'POST /v1/batch HTTP/1.1\r\nHost: x\r\n';
    // A count, which stays: what is in flight may be less again when a busy machine comes to look.
    const refusedForRoom = async (): Promise<number> =>
      sumOf(await pipeline.samples('ingest'), 'ingest_refused_requests_total', { code: 'ingest.overloaded' });
    const refusedBefore = await refusedForRoom();
    const slow: Socket[] = [];
    const begin = (first: string): void => {
      const socket = open(url);
      socket.write(first);
      slow.push(socket);
    };
    // More than may be in flight, down to the last bytes, and then nothing more.
    for (const size of [600_000, 60_000, 6_000, 600, 60]) {
      for (let each = 0; each < 120; each += 1) {
        begin(`${head}Content-Length: ${size + 1}\r\n\r\n${'x'.repeat(size)}`);
      }
      await sleep(300);
    }
    for (let each = 0; each < 100; each += 1) begin(head);
    const dripping = setInterval(() => {
      for (const socket of slow.slice(-100)) if (socket.writable) socket.write('x');
    }, 200);
    try {
      await eventually(async () => (await refusedForRoom()) > refusedBefore, {
        timeoutMs: 20_000,
        describe: 'the slow bodies to fill what may be in flight',
      });
      const small = async () =>
        (await post(url, '{"batch":[]}', { authorization: basic(victim.apiKey) })).status === 200;
      await eventually(small, { timeoutMs: 10_000, describe: 'slow bodies to make way', intervalMs: 200 });
      for (const { name, parts, statuses, end = false } of rawCases) {
        const filled = parts.map((part) => part.replace('%KEY%', basic(victim.apiKey)));
        // While the slow bodies hold what may be in flight the answer is 503 for a moment, as it is to every sender.
        const { status, text } = await eventually(
          async () => {
            const answer = await exchange(url, filled, { end, timeoutMs: 60_000 });
            return answer.status === 503 ? undefined : answer;
          },
          { timeoutMs: 60_000, describe: `${name} to be answered` },
        );
        assert.ok(statuses.includes(status), `${name} was answered ${status}: ${text.slice(0, 300)}`);
      }
    } finally {
      clearInterval(dripping);
      for (const socket of slow) socket.destroy();
    }
  });
});

test('whatever an id holds, no other resource is called, or its event is a dead letter with its cause', async (t) => {
  const { url } = pipeline.services.ingest;
  const authorization = basic(victim.apiKey);
  await underWatch(t, async () => {
    for (const [index, id] of [...oddIds, LONG_ID, LONE_SURROGATE].entries()) {
      const batch = [
        { type: 'identify', messageId: `odd-i-${index}`, userId: id, traits: { index } },
        { type: 'group', messageId: `odd-g-${index}`, userId: id, groupId: id, traits: { index } },
        { type: 'track', messageId: `odd-t-${index}`, userId: id, event: id, properties: { index } },
        { type: 'identify', messageId: id, userId: 'odd-message', traits: { index } },
      ];
      const { status } = await post(url, JSON.stringify({ batch }), { authorization });
      assert.equal(status, 200);
    }
  });
  const state = (list: string): Promise<string[]> => readIds(victim.apiKey, list);
  const expected = [...oddIds].sort();
  assert.deepEqual(
    (await state('users')).filter((id) => !['odd-body', 'odd-message', 'direct'].includes(id)).sort(),
    expected,
  );
  assert.deepEqual((await state('accounts')).sort(), expected);
  const refusedIds = (await pipeline.read('segmentEventsDeadLetters')).filter(({ headers }) =>
    String(headers['dlq.message']).includes('Id has 10240 bytes of UTF-8; an id may have at most 512'),
  );
  assert.equal(refusedIds.length, 3, 'the identify, group and track calls of the id of 10 KB');
  for (const { headers } of refusedIds) {
    assert.deepEqual([String(headers['dlq.code']), String(headers['dlq.group'])], ['event.invalid', 'ingest']);
  }
});

test('records that nobody of ours wrote end as dead letters with their cause, and grow neither gates nor metrics', async (t) => {
  const events = eventRecords(victim.id);
  const commands = commandRecords(victim.id, pipeline.encoder, pipeline.otherSchemaId);
  const before = {
    events: await deadLetterCodes('segmentEventsDeadLetters'),
    commands: await deadLetterCodes('commandsDeadLetters'),
  };
  await underWatch(t, async () => {
    for (const { record } of events) await pipeline.produce('segmentEvents', [record]);
    for (const { record } of commands.slice(0, 20)) await pipeline.produce('commands', [record]);
    await pipeline.produce(
      'commands',
      commands.slice(20).map(({ record }) => record),
    );
    await pipeline.produce('segmentEvents', strangersEvents());
    await pipeline.produce('segmentEvents', [keylessEvent(victim.id)]);
    await pipeline.produce('commands', [keylessCommand(victim.id, pipeline.encoder)]);
    await untilDrained();
  });
  const users = await readIds(victim.apiKey, 'users');
  assert.deepEqual(users.filter((id) => id.startsWith('keyless')).sort(), ['keyless-command', 'keyless-event']);
  assert.deepEqual(difference(await deadLetterCodes('segmentEventsDeadLetters'), before.events), count(events));
  assert.deepEqual(difference(await deadLetterCodes('commandsDeadLetters'), before.commands), count(commands));
  for (const service of ['mapper', 'dispatcher'] as const) {
    const text = await pipeline.metrics(service);
    assert.ok(text.length < 200_000, `the metrics of the ${service} have ${text.length} characters`);
    assert.ok(!text.includes('stranger-'), `the ${service} has a metric for each connector that nobody has`);
  }
});

test('whatever the API answers, or does not, a command is delivered or a dead letter with its cause', async (t) => {
  const { front, services } = pipeline;
  await underWatch(t, async () => {
    for (const [index, { id, behaviour }] of apiCases.entries()) {
      const apiKey = misled[index]?.apiKey ?? '';
      front.behave(apiKey, behaviour(front.trapUrl));
      const batch = [{ type: 'identify', messageId: id, userId: id, traits: {} }];
      const { status } = await post(services.ingest.url, JSON.stringify({ batch }), { authorization: basic(apiKey) });
      assert.equal(status, 200);
    }
    await untilDrained();
  });
  const deadLetters = await pipeline.read('commandsDeadLetters');
  for (const { id, ends, words } of apiCases) {
    const own = deadLetters.filter(({ headers }) => String(headers['connector-id']) === id);
    assert.deepEqual(
      own.map(({ headers }) => String(headers['dlq.code'])),
      ends === 'delivered' ? [] : [ends],
      id,
    );
    const message = String(own[0]?.headers['dlq.message'] ?? '');
    if (words !== undefined) assert.match(message, words, id);
    assert.ok(message.length <= 2_000, id);
  }
  assert.equal(front.trapped, 0, 'a redirect was followed, with the key');
  const samples = await pipeline.samples('dispatcher');
  for (const { id, ends } of apiCases) {
    const outcome = ends === 'delivered' ? 'delivered' : 'dead-lettered';
    assert.equal(sumOf(samples, 'dispatcher_commands_total', { connector: id, outcome }), 1, id);
  }
});

test('every record of the topics has exactly one counted outcome', async () => {
  const sizeOf = async (topic: 'segmentEvents' | 'commands'): Promise<number> => (await pipeline.read(topic)).length;
  await eventually(() => pipeline.isDrained(), { timeoutMs: 60_000, describe: 'all to be committed' });
  const mapper = await pipeline.samples('mapper');
  const [mapped, unanswered] = [sumOf(mapper, 'mapper_events_total'), sumOf(mapper, 'mapper_unanswered_events_total')];
  const stored = await sizeOf('segmentEvents');
  // A busy broker may leave a transaction without an answer. What such a one has stored is never counted as mapped.
  assert.ok(
    mapped <= stored && mapped + unanswered >= stored,
    `${mapped} events mapped and ${unanswered} unanswered, of ${stored} on the topic`,
  );
  assert.equal(sumOf(await pipeline.samples('dispatcher'), 'dispatcher_commands_total'), await sizeOf('commands'));
});

test('a wrong key is refused without being told again, and no secret shows in any log, metric, dead letter, answer or command line', async () => {
  const { front, services } = pipeline;
  const { url } = services.ingest;
  const wrongKey = newKey();
  front.behave(refused.apiKey, (response, authorization) => {
    response.writeHead(401, { 'content-type': 'application/problem+json' });
    response.end(JSON.stringify({ title: 'key refused', detail: authorization, authorization }));
  });
  const batch = [{ type: 'identify', messageId: 'refused', userId: 'u', traits: {} }];
  await post(url, JSON.stringify({ batch }), { authorization: basic(refused.apiKey) });
  assert.equal((await post(url, JSON.stringify({ batch }), { authorization: basic(wrongKey) })).status, 401);
  await post(url, JSON.stringify({ batch, writeKey: wrongKey }));
  await post(url, '{', { authorization: basic(victim.apiKey) });
  await post(url, '{}', { path: `/webhook/${victim.apiKey}` });
  await post(url, '{}', {
    path: `/webhook/victim?key=${victim.apiKey}`,
    headers: { 'x-signature': victim.webhookSecret },
  });
  await post(url, '{}', { path: `/v1/projects/${victim.apiKey}/setting` });
  await post(url, '{}', { path: `/nowhere/${victim.webhookSecret}` });
  await eventually(() => services.dispatcher.records().some(({ connectorId }) => connectorId === refused.id), {
    timeoutMs: 15_000,
    describe: 'the dispatcher to tell that the key is refused',
  });

  const texts = new Map<string, string>([['answers', answers.join('\n')]]);
  for (const service of ['ingest', 'mapper', 'dispatcher'] as const) {
    texts.set(`log of ${service}`, services[service].logs().join('\n'));
    texts.set(`metrics of ${service}`, await pipeline.metrics(service));
    texts.set(`process of ${service}`, await processText(services[service].pid));
  }
  for (const topic of ['segmentEventsDeadLetters', 'commandsDeadLetters', 'deliveries'] as const) {
    const records = await pipeline.read(topic);
    texts.set(
      topic,
      records.map(({ value, headers }) => [value, ...Object.values(headers)].map(String).join('\n')).join('\n'),
    );
  }
  for (const [place, text] of texts) {
    assert.ok(text.length > 0, `${place} is empty`);
    assert.deepEqual(findSecrets(text, [...secrets, wrongKey]), [], `${place} shows secrets`);
  }
});

async function readList(apiKey: string, list: string): Promise<readonly JsonObject[]> {
  const headers = { authorization: `Bearer ${apiKey}` };
  const response = await fetch(`${pipeline.api.url}/v1/${list}?limit=1000`, { headers });
  return (parseJson(await response.text()) as { items: readonly JsonObject[] }).items;
}

async function readIds(apiKey: string, list: string): Promise<string[]> {
  return (await readList(apiKey, list)).map((item) => String(item['userId'] ?? item['accountId']));
}

async function readUser(apiKey: string, userId: string): Promise<JsonObject> {
  const user = (await readList(apiKey, 'users')).find((item) => item['userId'] === userId);
  return user?.['properties'] as JsonObject;
}

async function deadLetterCodes(
  topic: 'segmentEventsDeadLetters' | 'commandsDeadLetters',
): Promise<Record<string, number>> {
  return count((await pipeline.read(topic)).map(({ headers }) => ({ code: String(headers['dlq.code']) })));
}

function count(items: readonly Pick<RecordCase, 'code'>[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { code } of items) counts[code] = (counts[code] ?? 0) + 1;
  return counts;
}

function difference(
  now: Readonly<Record<string, number>>,
  then: Readonly<Record<string, number>>,
): Record<string, number> {
  const left = Object.entries(now).map(([code, total]): [string, number] => [code, total - (then[code] ?? 0)]);
  return Object.fromEntries(left.filter(([, total]) => total > 0));
}
