/** Step 2: for a while Astrolabe rejects every event; each becomes a dead letter, which the overview tells. */
import assert from 'node:assert/strict';
import { STEP_TIMEOUT_MS } from '../../demo-context.ts';
import { eventually } from '@astrolabe/testkit';
import type { SdkCall, SentEvent } from '../../segment-sender.ts';
import { commandIdOf } from '../../steps/trail.ts';
import { openPage, see, type TourContext } from '../tour-context.ts';

/** Above a hundred, the count has to be typed before they are sent again. In requests of the half. */
const EVENTS = 120;
const BUYERS = 8;

export async function callsAreRejected(context: TourContext): Promise<void> {
  const { report, segment, astrolabe, pipeline, deadCommands } = context;
  const before = await astrolabe.counters();
  await astrolabe.breakDown({ kind: 'status', status: 400, match: { method: 'POST', pathPrefix: '/v1/events' } });
  try {
    const calls = Array.from({ length: EVENTS }, (_, index) => order(index));
    const sent: SentEvent[] = [];
    for (const half of [calls.slice(0, EVENTS / 2), calls.slice(EVENTS / 2)])
      sent.push(...(await segment.send(...half)));
    for (const { status } of sent) assert.equal(status, 200, 'the answer of ingest');
    report.fact('Segment', `${sent.length} orders: 200 for each`);
    deadCommands.push(...sent.map(({ messageId }) => commandIdOf(pipeline.connector.id, messageId, 'TrackEvent')));
    const rejected = await eventually(
      async () => {
        const { faults } = await astrolabe.counters();
        const hits = (faults['status'] ?? 0) - (before.faults['status'] ?? 0);
        return hits >= EVENTS ? hits : undefined;
      },
      { timeoutMs: STEP_TIMEOUT_MS, describe: `${EVENTS} calls to be rejected` },
    );
    assert.equal(rejected, EVENTS, 'calls that were rejected, each once');
    report.fact('API', `${rejected} calls answered with 400, none repeated`);
  } finally {
    await astrolabe.clearFaults();
  }
  assert.deepEqual(await astrolabe.events(), [], 'events at the API');
  await openPage(context, 'Overview');
  await see(context, `that ${EVENTS} dead letters wait`, toDo(context, `${EVENTS} dead letters wait for a decision`));
  report.fact('browser', `the overview says that ${EVENTS} dead letters wait for a decision`);
}

/** An entry of the list on top of the overview. */
export function toDo({ page }: TourContext, text: string) {
  return page.getByRole('list', { name: 'To do' }).getByRole('listitem').filter({ hasText: text });
}

function order(index: number): SdkCall {
  return (analytics) =>
    analytics.track({
      userId: `tour-buyer-${index % BUYERS}`,
      event: 'Order Completed',
      properties: { orderId: `order-${index}`, total: 25 + index },
    });
}
