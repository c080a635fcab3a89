import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '@astrolabe/testkit';
import { startEventServer, type SentEvent } from '../load/event-server.ts';
import { startEventLoad } from './run-event-load.ts';

const target = { writeKey: 'k', users: 5, first: 100, events: 23, connections: 3 };
const batches = { ...target, kind: 'batches', eventsPerRequest: 10 } as const;
const paced = { ...target, kind: 'paced', eventsPerSecond: 1_000 } as const;
const pacedBatches = { ...paced, users: 4, first: 0, events: 20, eventsPerRequest: 4 } as const;
const numbers = Array.from({ length: 23 }, (_, index) => 100 + index);
const numberOf = ({ messageId }: SentEvent): number => Number(messageId.replace('engage-', ''));

for (const load of [batches, paced]) {
  test(`every event is sent once: ${load.kind}`, async (t) => {
    const { url, events } = await startEventServer(t, () => 200);
    await (
      await startEventLoad({ ...load, url })
    ).sentAtMs;
    assert.deepEqual(
      events.map(numberOf).toSorted((a, b) => a - b),
      numbers,
    );
  });

  test(`one answer that is not 200 ends the measurement: ${load.kind}`, async (t) => {
    const { url } = await startEventServer(t, (request) => (request === 2 ? 503 : 200));
    const running = await startEventLoad({ ...load, url });
    await assert.rejects(running.sentAtMs, /answered 503: answer/);
  });
}

test('live events of one user are sent in order, each with the time at which it was due', async (t) => {
  const { url, events } = await startEventServer(t, () => 200);
  const { startedAtMs, sentAtMs } = await startEventLoad({ ...paced, url });
  const noted = [...(await sentAtMs)];
  assert.equal(noted.length, 23);
  assert.deepEqual(
    noted,
    noted.toSorted((a, b) => a - b),
  );
  for (const [place, atMs] of noted.entries()) assert.ok(atMs >= startedAtMs + place, 'not before it was due');
  for (let user = 0; user < 5; user += 1) {
    const own = events.filter(({ userId }) => userId === `user-${user}`).map(numberOf);
    assert.deepEqual(
      own,
      own.toSorted((a, b) => a - b),
    );
  }
});

test('live events can be sent several in a request, each once', async (t) => {
  const { url, events } = await startEventServer(t, () => 200);
  const { sentAtMs } = await startEventLoad({ ...pacedBatches, url });
  assert.equal((await sentAtMs).length, 20);
  assert.deepEqual(
    events.map(numberOf).toSorted((a, b) => a - b),
    Array.from({ length: 20 }, (_, index) => index),
  );
});

test('a load that is stopped tells of exactly the events that it has sent', async (t) => {
  const { url, events } = await startEventServer(t, () => 200);
  const { stop, sentAtMs } = await startEventLoad({ ...paced, events: 1_000_000, eventsPerSecond: 500, url });
  await eventually(() => events.length >= 5, { timeoutMs: 10_000, describe: 'the first events' });
  stop();
  const { length } = await sentAtMs;
  assert.deepEqual(
    events.map(numberOf).toSorted((a, b) => a - b),
    Array.from({ length }, (_, index) => 100 + index),
  );
});
