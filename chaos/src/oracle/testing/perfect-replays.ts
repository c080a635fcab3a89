/** Replays of a perfect run, one of each kind, that begin when everything live has been delivered. */
import type { Command } from '@astrolabe/schemas';
import { attemptOf } from '../checks/keys.ts';
import type { ExpectedRun } from '../expected-run.ts';
import type {
  Arrival,
  CommandRecord,
  DeadLetter,
  EventRecord,
  ObservedReplay,
  Position,
  ReplayCounts,
  ReplayedCommandRecord,
} from '../observed.ts';
import { isOfReplay } from '../replays/expected-replays.ts';
import { replayedOutcomes } from '../replays/replayed-outcomes.ts';
import { forcedIdOf, keyOfCommand } from '../segment-meaning.ts';

export interface PerfectReplays {
  readonly replays: readonly ObservedReplay[];
  readonly replayedCommands: readonly ReplayedCommandRecord[];
  readonly deadLetters: readonly DeadLetter[];
  readonly arrivals: readonly Arrival[];
  /** In the order of execution. */
  readonly executed: readonly Command[];
}

interface Live {
  readonly expected: ExpectedRun;
  readonly events: readonly EventRecord[];
  readonly commands: readonly CommandRecord[];
  readonly deadLetters: number;
  readonly executions: number;
  readonly endMs: number;
}

type Asked = Pick<ObservedReplay, 'id' | 'source' | 'isForced' | 'connectorIds' | 'phase'>;

const all: readonly Asked[] = [
  { id: 'commands-forced', source: 'commands', isForced: true, connectorIds: undefined, phase: 'finished' },
  { id: 'commands', source: 'commands', isForced: false, connectorIds: ['globex'], phase: 'finished' },
  { id: 'commands-cancelled', source: 'commands', isForced: true, connectorIds: undefined, phase: 'cancelled' },
  { id: 'events', source: 'events', isForced: false, connectorIds: undefined, phase: 'finished' },
  { id: 'events-forced', source: 'events', isForced: true, connectorIds: ['acme'], phase: 'finished' },
  { id: 'events-cancelled', source: 'events', isForced: false, connectorIds: undefined, phase: 'cancelled' },
];

const none: ReplayCounts = {
  read: 0,
  replayedBefore: 0,
  filteredOut: 0,
  unreadable: 0,
  expired: 0,
  matched: 0,
  events: undefined,
  commands: 0,
  skippedByLedger: 0,
  delivered: 0,
  duplicate: 0,
  deadLettered: 0,
  cancelled: 0,
  lost: 0,
  pending: 0,
};

export function perfectReplays(areWanted: boolean, live: Live): PerfectReplays {
  const making = new Making(live);
  const replays = areWanted ? all.map((asked) => making.replay(asked)) : [];
  const { replayedCommands, deadLetters, arrivals, executed } = making;
  return { replays, replayedCommands, deadLetters, arrivals, executed };
}

class Making {
  readonly replayedCommands: ReplayedCommandRecord[] = [];
  readonly deadLetters: DeadLetter[] = [];
  readonly arrivals: Arrival[] = [];
  readonly executed: Command[] = [];
  readonly #live: Live;
  readonly #delivered: Set<string>;

  constructor(live: Live) {
    this.#live = live;
    this.#delivered = new Set(live.expected.commandsById.keys());
  }

  /** A cancelled one has read half of each partition. */
  replay(asked: Asked): ObservedReplay {
    const { events, commands } = this.#live;
    const range: readonly (Position & { readonly connectorId: string })[] =
      asked.source === 'events' ? events : commands;
    const spans = [...Map.groupBy(range, ({ partition }) => partition)].map(([partition, { length }]) => {
      const nextOffset = asked.phase === 'cancelled' ? Math.floor(length / 2) : length;
      return { partition, fromOffset: 0n, endOffset: BigInt(length), nextOffset: BigInt(nextOffset) };
    });
    const wasRead = ({ partition, offset }: Position): boolean =>
      spans.some((span) => span.partition === partition && offset < span.nextOffset);
    const read = range.filter(wasRead).length;
    const matched = range.filter((record) => wasRead(record) && isOfReplay(record, asked)).length;
    const counts = { ...none, read, filteredOut: read - matched, matched };
    const replay = { ...asked, isOfAll: true, startedAtMs: this.#live.endMs, spans };
    if (asked.source === 'commands') {
      const own = commands.filter((record) => wasRead(record) && isOfReplay(record, asked));
      return { ...replay, counts: { ...counts, ...this.#deliver(asked, own) } };
    }
    const made = this.#make(asked, wasRead);
    return { ...replay, counts: { ...counts, ...made.counts, ...this.#deliver(asked, made.commands) } };
  }

  #make(asked: Asked, wasRead: (position: Position) => boolean) {
    const { expected, deadLetters: before } = this.#live;
    const events = { mapped: 0, skipped: 0, deadLettered: 0 };
    const commands: ReplayedCommandRecord[] = [];
    for (const stored of expected.stored) {
      const { record } = stored;
      if (!wasRead(record) || !isOfReplay(record, asked)) continue;
      const outcome = replayedOutcomes(stored, expected).at(-1);
      if (outcome?.kind === 'mapped') events.mapped += 1;
      else if (outcome?.kind === 'skipped') events.skipped += 1;
      else events.deadLettered += 1;
      const from = { partition: record.partition, offset: record.offset };
      const { connectorId, messageId, receivedAt, key, value } = record;
      const common = { connectorId, messageId, receivedAt, replayId: asked.id };
      for (const command of outcome?.commands ?? []) {
        const offset = BigInt(this.replayedCommands.length);
        const place = { partition: 0, offset, from, key: keyOfCommand(command) };
        const made = { ...common, ...place, command, commandId: command.record.commandId };
        this.replayedCommands.push(made);
        commands.push(made);
      }
      if (outcome?.code === undefined) continue;
      const offset = BigInt(before + this.deadLetters.length);
      const { code } = outcome;
      const dead = { code, message: 'why', source: from, commandId: undefined, key, value };
      this.deadLetters.push({ ...common, ...dead, partition: 0, offset });
    }
    return { commands, counts: { events, commands: commands.length } };
  }

  #deliver({ id, isForced }: Asked, commands: readonly CommandRecord[]) {
    let [delivered, skippedByLedger] = [0, 0];
    for (const { command, commandId } of commands) {
      const deliveryId = isForced ? forcedIdOf(id, commandId) : commandId;
      if (command === undefined || this.#delivered.has(deliveryId)) {
        skippedByLedger += 1;
        continue;
      }
      this.#delivered.add(deliveryId);
      delivered += 1;
      const sequence = this.#live.executions + this.arrivals.length + 1;
      const atMs = this.#live.endMs + sequence;
      this.arrivals.push({ ...attemptOf(command, deliveryId), sequence, atMs, outcome: 'unchanged' });
      this.executed.push(command);
    }
    return { delivered, skippedByLedger };
  }
}
