/** Step 10: the dispatcher's group is set back to the first offset of the command topic, and reads all of it again. */
import assert from 'node:assert/strict';
import { eventually } from '@astrolabe/testkit';
import { waitFor, type DemoContext } from '../demo-context.ts';
import { readServiceCounters } from '../service-counters.ts';
import { readRecords, withAdmin } from '../topic-records.ts';

/** Long: a data folder from earlier runs may hold many commands. */
const REREAD_TIMEOUT_MS = 120_000;

export async function rereadCommands(context: DemoContext): Promise<void> {
  const { pipeline, report, astrolabe, decoder } = context;
  const { kafka, topics, groups, services } = pipeline;
  const topic = topics.commands.name;
  const [state, effects, before] = await Promise.all([
    astrolabe.state(),
    astrolabe.counters(),
    readServiceCounters(pipeline),
  ]);

  await waitFor(context, 'the dispatcher stops', () => Promise.all(services.dispatcher.map((each) => each.stop())));
  const setBack = await waitFor(context, 'the offsets are set back', () =>
    withAdmin(kafka, async (admin) => {
      const watermarks = await admin.watermarks(topic);
      await admin.setOffsets(
        groups.dispatcher,
        topic,
        new Map(watermarks.map(({ partition, lowWatermark }) => [partition, lowWatermark])),
      );
      return watermarks;
    }),
  );
  await waitFor(context, 'the dispatcher starts', () => Promise.all(services.dispatcher.map((each) => each.start())));
  report.fact('offsets', `${groups.dispatcher} set back to the low watermark of all ${setBack.length} partitions`);

  const records = await readRecords(kafka, topic);
  const decoded = await Promise.all(records.map(async ({ value }) => decoder.decode(value)));
  const commands = decoded.filter(({ kind }) => kind === 'command').length;
  const unreadable = records.length - commands;
  const counted = await waitFor(context, `${records.length} commands are read again`, () =>
    eventually(
      async () => {
        const now = await readServiceCounters(pipeline);
        return now.delivered + now.duplicates + now.commandsDeadLettered >= records.length ? now : undefined;
      },
      { timeoutMs: REREAD_TIMEOUT_MS, describe: `${records.length} commands to be read again` },
    ),
  );
  assert.equal(counted.delivered, 0, 'commands that were delivered a second time');
  assert.equal(counted.duplicates, commands, 'commands that were recognised');
  assert.equal(counted.commandsDeadLettered, unreadable, 'records that cannot be read, again');
  const after = await astrolabe.counters();
  assert.equal(after.applied - effects.applied, 0, 'effects of the commands that were read again');
  context.reread = { before, records: records.length };
  report.fact('commands', `${records.length} read again: ${commands} recognised, ${unreadable} dead-lettered again`);
  assert.deepEqual(await astrolabe.state(), state, 'the state of the API after the commands were read again');
  report.fact('state', 'as before: 0 effects');
}
