/** Reads from outside all that the oracle judges by. */
import { readTopic } from '@astrolabe/kafka';
import { headerNames, headerText, type ConsumedRecord, type TopicDefinition } from '@astrolabe/records';
import { createCommandDecoder } from '@astrolabe/records/serde';
import type { System } from '../cluster/system.ts';
import type {
  CommandRecord,
  DeadLetter,
  EventRecord,
  Observed,
  Position,
  ProcessLife,
  ReplayedCommandRecord,
} from '../oracle/observed.ts';
import { observeReplays } from './observe-replays.ts';
import { readWorkspace } from './read-workspace.ts';

export interface Phases extends Pick<Observed, 'drained' | 'readAgain'> {
  /** Lives of all processes before the re-read; undefined where there was none. */
  readonly livesBefore: readonly ProcessLife[] | undefined;
}

export async function observe(system: System, { drained, readAgain, livesBefore }: Phases): Promise<Observed> {
  const lives = livesBefore ?? (await lookAtLives(system));
  const { topics, api, connectors } = system;
  const workspaces = new Map(
    await Promise.all(
      connectors.map(async ({ id, apiKey }) => [id, await readWorkspace(api.api.url, apiKey)] as const),
    ),
  );
  const [events, commands, replayedCommands, eventDeadLetters, commandDeadLetters] = await Promise.all([
    read(system, topics.segmentEvents),
    read(system, topics.commands),
    read(system, topics.replayedCommands),
    read(system, topics.segmentEventsDeadLetters),
    read(system, topics.commandsDeadLetters),
  ]);
  return {
    workspaces,
    arrivals: [...api.arrivals],
    attempts: api.attempts(),
    topics: {
      events: events.map((record): EventRecord => ({ ...common(record), value: text(record.value) })),
      commands: await decodeAll(system, commands),
      replayedCommands: withReplays(await decodeAll(system, replayedCommands), replayedCommands),
      eventDeadLetters: eventDeadLetters.map(toDeadLetter),
      commandDeadLetters: commandDeadLetters.map(toDeadLetter),
    },
    lives,
    keysReused: api.api.counters().keysReused,
    drained,
    readAgain,
    ...(await observeReplays(system)),
  };
}

/** Every life as it is now, with its newest metrics. */
export async function lookAtLives({ instances }: System): Promise<readonly ProcessLife[]> {
  await Promise.all([...instances.values()].map((instance) => instance.look()));
  return [...instances.values()].flatMap((instance) => instance.lives());
}

async function read({ kafka }: System, { name }: TopicDefinition): Promise<readonly ConsumedRecord[]> {
  const records: ConsumedRecord[] = [];
  await readTopic({ connection: kafka, topic: name }, (record) => records.push(record));
  return records.toSorted((a, b) => a.partition - b.partition || Number(a.offset - b.offset));
}

async function decodeAll(
  { schemaRegistry }: System,
  records: readonly ConsumedRecord[],
): Promise<readonly CommandRecord[]> {
  const decoder = createCommandDecoder(schemaRegistry);
  return Promise.all(
    records.map(async (record) => {
      const decoded = await decoder.decode(record.value);
      return {
        ...common(record),
        commandId: headerText(record, headerNames.commandId) ?? '',
        command: decoded.kind === 'command' ? decoded.command : undefined,
      };
    }),
  );
}

/** `records`: what the commands are of. */
function withReplays(
  commands: readonly CommandRecord[],
  records: readonly ConsumedRecord[],
): readonly ReplayedCommandRecord[] {
  return commands.map((command, index) => {
    const record = records[index];
    const header = (name: 'replayId' | 'replayFrom'): string | undefined =>
      record === undefined ? undefined : headerText(record, headerNames[name]);
    // `topic:partition:offset`.
    const [, partition, offset] = /:(\d+):(\d+)$/.exec(header('replayFrom') ?? '') ?? [];
    return { ...command, replayId: header('replayId') ?? '', from: positionOf(partition, offset) };
  });
}

function common(record: ConsumedRecord) {
  return {
    partition: record.partition,
    offset: record.offset,
    key: record.key === null ? null : text(record.key),
    connectorId: headerText(record, headerNames.connectorId) ?? '',
    messageId: headerText(record, headerNames.messageId) ?? '',
    receivedAt: headerText(record, headerNames.receivedAt) ?? '',
  };
}

function toDeadLetter(record: ConsumedRecord): DeadLetter {
  return {
    ...common(record),
    code: headerText(record, headerNames.deadLetterCode) ?? '',
    message: headerText(record, headerNames.deadLetterMessage) ?? '',
    source: sourceOf(record),
    commandId: headerText(record, headerNames.commandId),
    replayId: headerText(record, headerNames.replayId),
    value: text(record.value),
  };
}

function sourceOf(record: ConsumedRecord): Position | undefined {
  return positionOf(
    headerText(record, headerNames.deadLetterPartition),
    headerText(record, headerNames.deadLetterOffset),
  );
}

function positionOf(partition: string | undefined, offset: string | undefined): Position | undefined {
  if (partition === undefined || offset === undefined) return undefined;
  return { partition: Number(partition), offset: BigInt(offset) };
}

function text(bytes: Buffer | null): string {
  return bytes?.toString('utf8') ?? '';
}
