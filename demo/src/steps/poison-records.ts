/** Step 9: records that no service can read, written past ingest and mapper straight onto the topics. */
import assert from 'node:assert/strict';
import { createRecordProducer } from '@astrolabe/kafka';
import { headerNames, headerText, toHeaders, type ConsumedRecord, type OutgoingRecord } from '@astrolabe/records';
import { wireHeader } from '@astrolabe/records/serde';
import { createLogger } from '@astrolabe/service-kit';
import { eventually } from '@astrolabe/testkit';
import { STEP_TIMEOUT_MS, waitFor, type DemoContext } from '../demo-context.ts';
import { readRecords, type TopicOffsets } from '../topic-records.ts';
import { USER_ID } from './segment-calls.ts';
import { commandIdOf, positionOf } from './trail.ts';

/** No registry gives it out: the largest that the framing holds. */
const UNKNOWN_SCHEMA_ID = 2 ** 31 - 1;

interface Poison {
  readonly what: string;
  readonly topic: string;
  readonly deadLetterTopic: string;
  readonly deadLettersFrom: TopicOffsets;
  readonly record: OutgoingRecord;
  /** Stable cause that the dead letter must name. */
  readonly code: string;
  readonly group: string;
}

export async function sendPoison(context: DemoContext): Promise<void> {
  const { pipeline, report, baseline } = context;
  const { topics, groups, kafka, connector } = pipeline;
  // The key of an ordinary user, so that both land in front of that user's next event.
  const key = Buffer.from(JSON.stringify([connector.id, 'user', USER_ID]));
  const headers = toHeaders({ [headerNames.connectorId]: connector.id, [headerNames.messageId]: 'poison' });
  const poisons: readonly Poison[] = [
    {
      what: 'no JSON',
      topic: topics.segmentEvents.name,
      deadLetterTopic: topics.segmentEventsDeadLetters.name,
      deadLettersFrom: baseline.eventsDeadLetters,
      record: {
        key,
        value: Buffer.concat([Buffer.from('no JSON, and no UTF-8 either: '), Buffer.from([255, 254])]),
        headers,
      },
      code: 'event.invalid-json',
      group: groups.mapper,
    },
    {
      what: 'a schema id that the registry does not know',
      topic: topics.commands.name,
      deadLetterTopic: topics.commandsDeadLetters.name,
      deadLettersFrom: baseline.commandsDeadLetters,
      record: { key, value: Buffer.concat([wireHeader(UNKNOWN_SCHEMA_ID), Buffer.from([0, 255, 1, 254])]), headers },
      code: 'command.unknown-schema',
      group: groups.dispatcher,
    },
  ];

  const producer = await createRecordProducer({
    connection: kafka,
    logger: createLogger({ name: 'demo', level: 'silent' }),
  });
  try {
    for (const poison of poisons) {
      const [source] = await producer.send(poison.topic, [poison.record]);
      assert.ok(source !== undefined);
      if (poison.topic === topics.commands.name) context.poison.commands += 1;
      else context.poison.events += 1;
      const deadLetter = await waitFor(context, 'the dead letter', () => findDeadLetter(context, poison, source));
      assert.ok(deadLetter.value?.equals(poison.record.value ?? Buffer.alloc(0)), 'the value of the dead letter');
      assert.ok(deadLetter.key?.equals(key), 'the key of the dead letter');
      assert.equal(headerText(deadLetter, headerNames.messageId), 'poison', "the source's own headers");
      assert.equal(headerText(deadLetter, headerNames.deadLetterCode), poison.code);
      assert.equal(headerText(deadLetter, headerNames.deadLetterGroup), poison.group);
      report.fact('poison', `${poison.what}: ${positionOf(source)}`);
      report.fact('found', `${positionOf(deadLetter)}, byte for byte, with that position`);
      report.fact('cause', `${poison.code}: ${headerText(deadLetter, headerNames.deadLetterMessage) ?? ''}`);
    }
  } finally {
    await producer.close();
  }
  await sendBehindIt(context);
}

function findDeadLetter(
  { pipeline }: DemoContext,
  { deadLetterTopic, deadLettersFrom }: Poison,
  source: Pick<ConsumedRecord, 'topic' | 'partition' | 'offset'>,
): Promise<ConsumedRecord> {
  const isOfSource = (deadLetter: ConsumedRecord): boolean =>
    headerText(deadLetter, headerNames.deadLetterTopic) === source.topic &&
    headerText(deadLetter, headerNames.deadLetterPartition) === String(source.partition) &&
    headerText(deadLetter, headerNames.deadLetterOffset) === source.offset.toString();
  return eventually(
    async () => (await readRecords(pipeline.kafka, deadLetterTopic, deadLettersFrom)).find(isOfSource),
    { timeoutMs: STEP_TIMEOUT_MS, describe: `the dead letter of ${positionOf(source)}` },
  );
}

/** The user's next event has to get past both. */
async function sendBehindIt(context: DemoContext): Promise<void> {
  const { astrolabe, segment, pipeline, report } = context;
  const [sent] = await segment.send((analytics) => analytics.track({ userId: USER_ID, event: 'Came Through' }));
  assert.equal(sent?.status, 200);
  const id = commandIdOf(pipeline.connector.id, sent.messageId, 'TrackEvent');
  await waitFor(context, 'the event behind the poison', () =>
    eventually(async () => (await astrolabe.events(USER_ID)).some((event) => event.id === id), {
      timeoutMs: STEP_TIMEOUT_MS,
      describe: 'the event that was sent behind the poison',
    }),
  );
  report.fact('state', `the next event of ${USER_ID} came through behind them`);
}
