/** Step 8: the operator's command replays the events of the demo, and the services skip what they have done. */
import assert from 'node:assert/strict';
import { runProgram } from '@astrolabe/cli';
import { waitFor, type DemoContext } from '../demo-context.ts';
import { topicEnds } from '../topic-records.ts';

interface Report {
  readonly phase: string;
  readonly matched: number;
  readonly events: { readonly mapped: number };
  readonly commands: number;
  readonly skippedByLedger: number;
}

export async function replayEvents(context: DemoContext): Promise<void> {
  const { pipeline, report, astrolabe, baseline } = context;
  const { kafka, topics } = pipeline;
  const names = [topics.segmentEvents.name, topics.commands.name];
  const [state, effects, before] = await Promise.all([
    astrolabe.state(),
    astrolabe.counters(),
    topicEnds(kafka, names),
  ]);

  const offsets = [...baseline.events].map(([partition, offset]) => `${partition}:${offset}-`).join(',');
  const args = ['replay', 'events', '--offsets', offsets, '--execute'];
  report.fact('operator', `astrolabe ${args.join(' ')}`);
  const replayed = await waitFor(context, 'the replay', () => operate(context, args));
  assert.equal(replayed.phase, 'finished');
  report.fact('mapper', `${replayed.matched} events mapped again where they lie, ${replayed.commands} commands made`);
  assert.equal(replayed.skippedByLedger, replayed.commands, 'commands that the ledger knows');
  report.fact('ledger', `${replayed.skippedByLedger} commands known: 0 calls`);
  assert.deepEqual(await topicEnds(kafka, names), before, 'the ends of the topics of events and commands');
  report.fact(
    'topics',
    'unchanged; other consumers of segment.events.v1 and astrolabe.commands.v1 see nothing of a replay',
  );
  const after = await astrolabe.counters();
  assert.equal(after.applied - effects.applied, 0, 'effects of the replay');
  assert.equal(after.replayed + after.keysReused - effects.replayed - effects.keysReused, 0, 'calls of the replay');
  assert.deepEqual(await astrolabe.state(), state, 'the state of the API after the replay');
  report.fact('state', 'as before: 0 effects');
}

/** Runs the operator's program in this process; resolves with what it prints with `--json`. */
async function operate({ pipeline }: DemoContext, args: readonly string[]): Promise<Report> {
  const { addresses, topics } = pipeline;
  let stdout = '';
  let stderr = '';
  const exitCode = await runProgram([...args, '--json'], {
    env: {
      ...process.env,
      KAFKA_BROKERS: addresses.kafka,
      KAFKA_TOPIC_PREFIX: topics.commands.name.slice(0, -'astrolabe.commands.v1'.length),
      SCHEMA_REGISTRY_URL: addresses.schemaRegistry,
    },
    stdout: (text) => (stdout += text),
    stderr: (text) => (stderr += text),
  });
  assert.equal(exitCode, 0, stderr);
  return JSON.parse(stdout) as Report;
}
