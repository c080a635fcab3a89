/** Step 6: the requests of the trails once more, byte for byte, as a sender does that missed the answer. */
import assert from 'node:assert/strict';
import { eventually } from '@astrolabe/testkit';
import { STEP_TIMEOUT_MS, waitFor, type DemoContext } from '../demo-context.ts';
import { readServiceCounters } from '../service-counters.ts';

export async function sendAgain(context: DemoContext): Promise<void> {
  const { pipeline, report, astrolabe, segment, trails } = context;
  const [state, effects, counted] = await Promise.all([
    astrolabe.state(),
    astrolabe.counters(),
    readServiceCounters(pipeline),
  ]);

  const answers = await Promise.all(trails.map(({ body }) => segment.repeat(body)));
  for (const { status, text } of answers) assert.deepEqual({ status, text }, { status: 200, text: '{"success":true}' });
  report.fact('ingest', `${answers.length} times 200 {"success":true}: it keeps what it is given`);

  const repeated = await waitFor(context, 'the repetitions pass through', () =>
    eventually(
      async () => {
        const now = await readServiceCounters(pipeline);
        const produced = now.produced - counted.produced;
        const isMapped = now.mapped - counted.mapped === trails.length;
        return isMapped && now.duplicates - counted.duplicates === produced ? { produced } : undefined;
      },
      { timeoutMs: STEP_TIMEOUT_MS, describe: 'every command of the repetitions to be recognised as a duplicate' },
    ),
  );
  const after = await astrolabe.counters();
  report.fact('commands', `${repeated.produced} more with the ids of the first, all found in the delivery ledger`);
  assert.equal(after.applied - effects.applied, 0, 'effects of the repetitions');
  assert.equal(
    after.replayed + after.keysReused - effects.replayed - effects.keysReused,
    0,
    'calls for commands that the ledger knows',
  );
  assert.deepEqual(await astrolabe.state(), state, 'the state of the API after the repetitions');
  report.fact('state', 'as before: 0 effects; users, accounts, members and events unchanged');
}
