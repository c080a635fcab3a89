/** The end of the demo: every record is accounted for, by what the services counted and by what is on the topics. */
import assert from 'node:assert/strict';
import { formatTable } from '@astrolabe/service-kit/terminal';
import { eventually } from '@astrolabe/testkit';
import { STEP_TIMEOUT_MS, type DemoContext } from '../demo-context.ts';
import { countedSince, readServiceCounters, type ServiceCounters } from '../service-counters.ts';
import { readRecords, withAdmin } from '../topic-records.ts';

/** Records of the demo. `reread` is of the second life of the dispatcher. */
export interface DemoTotals {
  readonly events: {
    readonly acknowledged: number;
    readonly poison: number;
    readonly onTopic: number;
    readonly mapped: number;
    readonly skipped: number;
    readonly deadLettered: number;
  };
  readonly commands: {
    readonly produced: number;
    readonly poison: number;
    readonly onTopic: number;
    readonly delivered: number;
    readonly duplicates: number;
    readonly deadLettered: number;
  };
  readonly reread: {
    readonly onTopic: number;
    readonly delivered: number;
    readonly duplicates: number;
    readonly deadLettered: number;
  };
}

/** Reads all of it; the assertions are in `assertBalance`. */
export async function readTotals({ pipeline, baseline, poison, reread }: DemoContext): Promise<DemoTotals> {
  assert.ok(reread !== undefined, 'the totals come after the step that reads the commands again');
  const { kafka, topics } = pipeline;
  const [now, events, commands, eventsDeadLetters, commandsDeadLetters] = await Promise.all([
    readServiceCounters(pipeline),
    readRecords(kafka, topics.segmentEvents.name, baseline.events),
    readRecords(kafka, topics.commands.name, baseline.commands),
    readRecords(kafka, topics.segmentEventsDeadLetters.name, baseline.eventsDeadLetters),
    readRecords(kafka, topics.commandsDeadLetters.name, baseline.commandsDeadLetters),
  ]);
  const first = countedSince(baseline.counters, reread.before);
  const all: Pick<ServiceCounters, 'acknowledged' | 'mapped' | 'skipped' | 'eventsDeadLettered' | 'produced'> =
    countedSince(baseline.counters, now);
  assert.equal(eventsDeadLetters.length, all.eventsDeadLettered, 'records on the dead-letter topic of events');
  assert.equal(
    commandsDeadLetters.length,
    first.commandsDeadLettered + now.commandsDeadLettered,
    'records on the dead-letter topic of commands',
  );
  return {
    events: {
      acknowledged: all.acknowledged,
      poison: poison.events,
      onTopic: events.length,
      mapped: all.mapped,
      skipped: all.skipped,
      deadLettered: all.eventsDeadLettered,
    },
    commands: {
      produced: all.produced,
      poison: poison.commands,
      onTopic: commands.length,
      delivered: first.delivered,
      duplicates: first.duplicates,
      deadLettered: first.commandsDeadLettered,
    },
    reread: {
      onTopic: reread.records,
      delivered: now.delivered,
      duplicates: now.duplicates,
      deadLettered: now.commandsDeadLettered,
    },
  };
}

export function assertBalance({ events, commands, reread }: DemoTotals): void {
  assert.equal(events.onTopic, events.acknowledged + events.poison, 'events on the topic');
  assert.equal(events.mapped + events.skipped + events.deadLettered, events.onTopic, 'events accounted for');
  assert.equal(commands.onTopic, commands.produced + commands.poison, 'commands on the topic');
  assert.equal(
    commands.delivered + commands.duplicates + commands.deadLettered,
    commands.onTopic,
    'commands accounted for',
  );
  assert.equal(
    reread.delivered + reread.duplicates + reread.deadLettered,
    reread.onTopic,
    'commands accounted for when read again',
  );
}

export function totalsTable({ events, commands, reread }: DemoTotals): string[] {
  return formatTable(
    ['', 'events', 'commands', 'read again'],
    [
      ['acknowledged by ingest, produced by the mapper', events.acknowledged, commands.produced],
      ['poison, written past them', events.poison, commands.poison],
      'rule',
      ['on the topic', events.onTopic, commands.onTopic, reread.onTopic],
      ['mapped, delivered', events.mapped, commands.delivered, reread.delivered],
      ['skipped, recognised as duplicates', events.skipped, commands.duplicates, reread.duplicates],
      ['dead-lettered', events.deadLettered, commands.deadLettered, reread.deadLettered],
      'rule',
      [
        'accounted for',
        events.mapped + events.skipped + events.deadLettered,
        commands.delivered + commands.duplicates + commands.deadLettered,
        reread.delivered + reread.duplicates + reread.deadLettered,
      ],
    ],
    { ruled: true },
  );
}

/** The last commit of a group comes a moment after the last effect. */
export async function assertNothingPending({ pipeline }: DemoContext): Promise<void> {
  const { kafka, topics, groups } = pipeline;
  await withAdmin(kafka, (admin) =>
    eventually(
      async () => {
        for (const [group, topic] of [
          [groups.mapper, topics.segmentEvents.name],
          [groups.dispatcher, topics.commands.name],
        ] as const) {
          const committed = await admin.commits(group, topic);
          for (const { partition, lowWatermark, highWatermark } of await admin.watermarks(topic)) {
            const lag = highWatermark - (committed.get(partition)?.nextOffset ?? lowWatermark);
            assert.equal(lag, 0n, `lag of ${group} on ${topic}, partition ${partition}`);
          }
        }
        return true;
      },
      { timeoutMs: STEP_TIMEOUT_MS, describe: 'both groups to have committed everything' },
    ),
  );
}
