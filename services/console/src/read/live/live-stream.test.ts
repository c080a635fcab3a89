import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { test, type TestContext } from 'node:test';
import { createManualClock } from '@astrolabe/service-kit/clock';
import type { ServerSentEvent } from '../../routes/route.ts';
import { showAll, type MaskText } from '../payload/payload.ts';
import { liveEventShape, type LiveRow } from '../shapes/live.ts';
import { createCountedCluster } from '../testing/counted-cluster.ts';
import { CommandBytes, commandRecord, eventRecord, upsertUser } from '../testing/records.ts';
import type { TabFilter } from './core/tab-filter.ts';
import { LiveHub } from './live-hub.ts';
import { liveStream } from './live-stream.ts';

const EVENTS = new Set(['events'] as const);

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn();
}

/** Collects what one tab gets. */
class Tab {
  readonly events: ServerSentEvent[] = [];
  readonly #leaving = new AbortController();
  readonly #done: Promise<void>;

  constructor(hub: LiveHub, clock: ReturnType<typeof createManualClock>, filter: TabFilter, lastEventId?: string) {
    const { signal } = this.#leaving;
    const events = liveStream({ hub, filter, processId: 'p1', lastEventId, clock, signal });
    this.#done = (async () => {
      for await (const event of events) {
        assert.ok(liveEventShape.safeParse(event.data).success, JSON.stringify(event));
        this.events.push(event);
      }
    })();
  }

  get rows(): LiveRow[] {
    return this.events.flatMap(({ data }) => ('rows' in data ? (data.rows as LiveRow[]) : []));
  }

  sum(name: 'dropped' | 'notRead'): number {
    return this.events.reduce((sum, { data }) => sum + ((data as Record<string, number>)[name] ?? 0), 0);
  }

  get states(): string[] {
    return this.events.flatMap(({ data }) =>
      'topics' in data
        ? (data.topics as { topic: string; state: string }[]).map(({ topic, state }) => `${topic} ${state}`)
        : [],
    );
  }

  async leave(): Promise<void> {
    this.#leaving.abort();
    await this.#done;
  }
}

function setUp(t: TestContext, mask: MaskText = showAll, maxRecords = 100) {
  const counted = createCountedCluster({ partitions: 1, maxRecords });
  const clock = createManualClock();
  const bytes = new CommandBytes();
  const hub = new LiveHub({
    clusters: counted.clusters,
    decoder: bytes.decoder(),
    mask,
    clock,
    random: () => 0,
    onFailure: () => undefined,
  });
  t.after(() => hub.close());
  const { log, topics } = counted.cluster;
  const open = (filter: Partial<TabFilter> = {}, lastEventId?: string) =>
    new Tab(hub, clock, { topics: EVENTS, ...filter }, lastEventId);
  const isReading = (tab: Tab) => until(() => tab.states.includes('events reading'));
  return { ...counted, clock, bytes, hub, log, topics, open, isReading };
}

test('fifty tabs are one reader, and each gets what its filter asks for', async (t) => {
  const { log, topics, open, isReading, asked, hub } = setUp(t);
  const tabs = Array.from({ length: 50 }, (_, index) => open({ connector: index % 2 === 0 ? 'acme' : 'beta' }));
  await isReading(tabs[49]!);
  assert.equal(asked.get(`read ${topics.segmentEvents.name}`), 1);
  assert.equal(hub.watchers, 50);
  await log.send(topics.segmentEvents.name, [eventRecord('m1'), eventRecord('m2', undefined, 'beta')]);
  await until(() => tabs.every(({ rows }) => rows.length === 1));
  assert.deepEqual([tabs[0]?.rows[0]?.messageId, tabs[1]?.rows[0]?.messageId], ['m1', 'm2']);
  assert.equal(asked.get(`read ${topics.segmentEvents.name}`), 1);
  for (const tab of tabs) await tab.leave();
  assert.equal(hub.watchers, 0);
});

test('a flood is shown at a bounded rate, the newest rows of it, and every row that was dropped is told', async (t) => {
  const { log, topics, open, isReading, clock } = setUp(t, showAll, 1_500);
  const tab = open();
  await isReading(tab);
  await log.send(
    topics.segmentEvents.name,
    Array.from({ length: 1_500 }, (_, index) => eventRecord(`m${index}`)),
  );
  await until(() => tab.rows.length > 0);
  while (tab.rows.length + tab.sum('dropped') < 1_500) {
    const before = tab.rows.length;
    await clock.advance(250);
    await until(() => tab.rows.length > before);
    assert.ok(tab.rows.length - before <= 100);
  }
  assert.ok(tab.rows.length <= 700 && tab.sum('dropped') >= 800);
  assert.equal(tab.rows.at(-1)?.messageId, 'm1499');
  await tab.leave();
});

test('a tab that comes back gets what it missed, and one with a position of another process begins with what is new', async (t) => {
  const { log, topics, open, isReading, hub, clock } = setUp(t);
  const first = open();
  await isReading(first);
  await log.send(topics.segmentEvents.name, [eventRecord('m1')]);
  await until(() => first.rows.length === 1);
  const position = first.events.at(-1)?.id;
  await log.send(topics.segmentEvents.name, [eventRecord('m2'), eventRecord('m3', undefined, 'beta')]);
  const other = open();
  await clock.advance(250);
  await until(() => hub.sequence === 3);
  const back = open({ connector: 'acme' }, position);
  const stranger = open({}, 'p2.0');
  await until(() => back.rows.length === 1);
  assert.equal(back.rows[0]?.messageId, 'm2');
  await log.send(topics.segmentEvents.name, [eventRecord('m4')]);
  await clock.advance(250);
  await until(() => stranger.rows.length > 0);
  assert.deepEqual(
    stranger.rows.map(({ messageId }) => messageId),
    ['m4'],
  );
  for (const tab of [first, other, back, stranger]) await tab.leave();
});

test('text is shown as it is stored, 64-bit numbers and markup included, and a command as its JSON', async (t) => {
  const { log, topics, open, isReading, bytes, hub, clock } = setUp(t);
  const tab = open({ topics: new Set(['events', 'commands'] as const) });
  await isReading(tab);
  await until(() => tab.states.includes('commands reading'));
  const text =
    '{"type":"track","userId":"u1","messageId":"m1","n":9223372036854775807,"html":"<img onerror=x>\\u202e"}';
  await log.send(topics.segmentEvents.name, [eventRecord('m1', text)]);
  await log.send(topics.commands.name, [commandRecord(upsertUser('m1', { n: 2n ** 63n - 1n }), bytes)]);
  await until(() => hub.sequence === 2 && tab.rows.length > 0);
  await clock.advance(250);
  await until(() => tab.rows.length === 2);
  const payloadOf = (topic: string) => {
    const payload = tab.rows.find((row) => row.topic === topic)?.payload;
    return payload?.kind === 'text' ? payload.text : '';
  };
  assert.equal(payloadOf('events'), text);
  assert.match(payloadOf('commands'), /^\{"kind":"UpsertUser",.*"n":9223372036854775807/);
  await tab.leave();
});

test('what is masked is neither shown nor found by a search for text', async (t) => {
  const { log, topics, open, isReading } = setUp(t, (text) => text.replaceAll('secret', '***'));
  const [finds, all] = [open({ text: 'secret' }), open()];
  await isReading(all);
  await log.send(topics.segmentEvents.name, [eventRecord('m1', '{"type":"track","messageId":"m1","x":"secret"}')]);
  await until(() => all.rows.length === 1);
  assert.deepEqual(finds.rows, []);
  assert.doesNotMatch(JSON.stringify(all.rows), /secret/);
  await finds.leave();
  await all.leave();
});

test('brokers that are away are told to every tab, and reading goes on by itself when they are back', async (t) => {
  const { log, topics, open, failWith, clock, isReading } = setUp(t);
  failWith(new Error('no broker answers'));
  const tab = open();
  await until(() => tab.states.includes('events unavailable'));
  const told = tab.events.find(({ data }) => JSON.stringify(data).includes('no broker answers'));
  assert.ok(told !== undefined);
  failWith(undefined);
  await clock.advance(10_000);
  await isReading(tab);
  await log.send(topics.segmentEvents.name, [eventRecord('m1')]);
  await until(() => tab.rows.length === 1);
  await tab.leave();
});

test('when the last tab has left, the reader ends a while later, and not before', async (t) => {
  const { topics, open, isReading, clock, asked } = setUp(t);
  const read = `read ${topics.segmentEvents.name}`;
  const first = open();
  await isReading(first);
  await first.leave();
  const second = open();
  await until(() => second.events.length > 0);
  assert.equal(asked.get(read), 1);
  await second.leave();
  await clock.advance(10_000);
  const third = open();
  await until(() => asked.get(read) === 2);
  await third.leave();
});
