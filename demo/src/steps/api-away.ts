/** Step 7: the API is away for some seconds while events keep coming. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '@astrolabe/testkit';
import { STEP_TIMEOUT_MS, waitFor, type DemoContext } from '../demo-context.ts';
import { seconds } from '../screen/screen.ts';
import type { SdkCall } from '../segment-sender.ts';
import { topicEnds } from '../topic-records.ts';
import { commandIdOf } from './trail.ts';

const AWAY_MS = 3_000;
const USERS = 4;
const EVENTS_OF_EACH = 5;

export async function sendWhileApiIsAway(context: DemoContext): Promise<void> {
  const { pipeline, report, astrolabe, segment } = context;
  const { kafka, topics, connector } = pipeline;
  const deadLetters = [topics.segmentEventsDeadLetters.name, topics.commandsDeadLetters.name];
  const deadLetterEnds = await topicEnds(kafka, deadLetters);

  await astrolabe.breakDown({ kind: 'cut' });
  const awaySinceMs = performance.now();
  const before = await astrolabe.counters();
  const calls: SdkCall[] = [];
  for (let number = 1; number <= EVENTS_OF_EACH; number += 1) {
    for (let user = 1; user <= USERS; user += 1) {
      const userId = `away-${user}`;
      calls.push((analytics) => analytics.track({ userId, event: 'Report Viewed', properties: { number } }));
    }
  }
  try {
    const sent = await segment.send(...calls);
    for (const { status } of sent) assert.equal(status, 200, 'the answer of ingest while the API is away');
    report.fact('ingest', `the API cuts every connection; ${sent.length} more events, 200 for each`);

    await waitFor(context, 'the API stays away', () => sleep(Math.max(0, AWAY_MS - (performance.now() - awaySinceMs))));
    const during = await astrolabe.counters();
    const attempts = (during.faults['cut'] ?? 0) - (before.faults['cut'] ?? 0);
    assert.ok(attempts > 0, 'the dispatcher tried to deliver');
    assert.equal(during.applied - before.applied, 0, 'effects while the API is away');
    await astrolabe.clearFaults();
    const backSinceMs = performance.now();
    report.fact('API', `away for ${seconds(backSinceMs - awaySinceMs)}: ${attempts} calls cut, 0 delivered`);

    const ids = sent.map(({ messageId }) => commandIdOf(connector.id, messageId, 'TrackEvent'));
    await waitFor(context, 'the dispatcher catches up', () =>
      eventually(
        async () => {
          const known = new Set((await astrolabe.events()).map(({ id }) => id));
          return ids.every((id) => known.has(id));
        },
        { timeoutMs: STEP_TIMEOUT_MS, describe: `all ${ids.length} events that were sent while the API was away` },
      ),
    );
    const caughtUpMs = performance.now() - backSinceMs;
    const after = await astrolabe.counters();
    assert.equal(after.applied - before.applied, ids.length, 'effects after the API came back');
    const deadLetterEndsNow = await topicEnds(kafka, deadLetters);
    assert.deepEqual(deadLetterEndsNow, deadLetterEnds, 'ends of the dead-letter topics');
    report.fact(
      'state',
      `all ${ids.length} there ${seconds(caughtUpMs)} after it came back, each once; 0 dead letters`,
    );
  } finally {
    await astrolabe.clearFaults();
  }
}
