import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Observed } from '../observed.ts';
import { forcedIdOf } from '../segment-meaning.ts';
import type { Mutable } from '../testing/perfect-run.ts';
import { findsOnly, first, judge, remove } from '../testing/tampered-run.ts';

type Tamper = (observed: Mutable<Observed>) => void;

const finds = (invariant: Parameters<typeof findsOnly>[0], tamper: Tamper): void => {
  findsOnly(invariant, tamper, true);
};

function replayOf({ replays }: Mutable<Observed>, id: string): Mutable<Observed>['replays'][number] {
  return first(replays, (replay) => replay.id === id);
}

/** Its report says so too. */
function addCommand(
  observed: Mutable<Observed>,
  record: Mutable<Observed>['topics']['replayedCommands'][number],
): void {
  observed.topics.replayedCommands.push({ ...record, offset: 99_999n });
  const { counts } = replayOf(observed, record.replayId);
  counts.commands += 1;
  counts.skippedByLedger += 1;
}

test('replays of every kind that keep every promise have no violation, and are told in the figures', () => {
  const { violations, figures } = judge(() => undefined, [], true);
  assert.deepEqual(violations, []);
  assert.deepEqual(
    figures.replays.map(({ id, phase }) => `${id} ${phase}`),
    [
      'commands-forced finished',
      'commands finished',
      'commands-cancelled cancelled',
      'events finished',
      'events-forced finished',
      'events-cancelled cancelled',
    ],
  );
  assert.ok(first(figures.replays, ({ id }) => id === 'events-forced').delivered > 0);
});

test('an event whose commands a replay has made twice, or not at all, is found', () => {
  finds('replayed-once', (observed) => addCommand(observed, first(observed.topics.replayedCommands)));
  finds('replayed-once', (observed) => {
    const { topics } = observed;
    const record = first(topics.replayedCommands, ({ replayId }) => replayId === 'events');
    const own = topics.replayedCommands.filter(
      ({ replayId, from }) =>
        replayId === 'events' && from?.offset === record.from?.offset && from?.partition === record.from?.partition,
    );
    topics.replayedCommands = topics.replayedCommands.filter((each) => !own.includes(each));
    const { counts } = replayOf(observed, 'events');
    counts.commands -= own.length;
    counts.skippedByLedger -= own.length;
    assert.ok(counts.events !== undefined);
    counts.events.mapped -= 1;
    counts.events.skipped += 1;
  });
});

test('an event that a replay has handled and does not count as read is found', () => {
  finds('replayed-once', (observed) => {
    const whole = first(observed.topics.replayedCommands, ({ replayId, from }) => {
      const span = replayOf(observed, 'events-cancelled').spans.find(({ partition }) => partition === from?.partition);
      return replayId === 'events' && from !== undefined && from.offset >= (span?.nextOffset ?? 0n);
    });
    addCommand(observed, { ...whole, replayId: 'events-cancelled' });
    const { counts } = replayOf(observed, 'events-cancelled');
    assert.ok(counts.events !== undefined);
    counts.events.mapped += 1;
    counts.events.skipped -= 1;
  });
});

test('a replayed command of no event, or that says something else than its event means, is found', () => {
  finds('replayed-once', (observed) => {
    const record = first(observed.topics.replayedCommands);
    const { counts } = replayOf(observed, record.replayId);
    assert.ok(counts.events !== undefined);
    counts.events.mapped += 1;
    counts.events.skipped -= 1;
    addCommand(observed, { ...record, from: { partition: 0, offset: 88_888n } });
  });
  finds('replayed-as-meant', ({ topics }) => {
    const record = first(topics.replayedCommands, ({ command, replayId }) => {
      return command?.kind === 'UpsertUser' && replayId === 'events-cancelled';
    });
    const { command } = record;
    assert.ok(command !== undefined);
    record.command = { ...command, record: { ...command.record, receivedAt: 1 } } as typeof command;
  });
});

test('a dead letter that a replay makes again counts for the replay, and for nothing else', () => {
  finds('replayed-once', (observed) => {
    const { eventDeadLetters } = observed.topics;
    const dead = first(eventDeadLetters, ({ replayId }) => replayId === 'events');
    remove(eventDeadLetters, dead);
    const { counts } = replayOf(observed, 'events');
    assert.ok(counts.events !== undefined);
    counts.events.deadLettered -= 1;
    counts.events.skipped += 1;
  });
});

test('a forced command that is executed twice, or not at all, is found', () => {
  const arrivalOf = ({ arrivals, topics }: Mutable<Observed>) => {
    const { commandId } = first(topics.commands);
    return first(arrivals, (arrival) => arrival.commandId === forcedIdOf('commands-forced', commandId));
  };
  finds('applied-once', (observed) => observed.arrivals.push({ ...arrivalOf(observed), sequence: 99_999 }));
  finds('accounted', (observed) => {
    remove(observed.arrivals, arrivalOf(observed));
    const { counts } = replayOf(observed, 'commands-forced');
    counts.delivered -= 1;
    counts.skippedByLedger += 1;
  });
});

test('forced commands of one key that are executed in another order than they stand are found', () => {
  finds('order-by-key', ({ topics, arrivals }) => {
    const isAlone = (id: string): boolean => topics.commands.filter(({ commandId }) => commandId === id).length === 1;
    const one = first(topics.commands, ({ key, offset, partition, commandId }) => {
      return (
        isAlone(commandId) &&
        topics.commands.some(
          (other) =>
            other.key === key && other.partition === partition && other.offset > offset && isAlone(other.commandId),
        )
      );
    });
    const other = first(topics.commands, (record) => {
      return record.key === one.key && record.offset > one.offset && isAlone(record.commandId);
    });
    const [a, b] = [one, other].map(({ commandId }) =>
      first(arrivals, (arrival) => arrival.commandId === forcedIdOf('commands-forced', commandId)),
    );
    assert.ok(a !== undefined && b !== undefined);
    [a.sequence, b.sequence] = [b.sequence, a.sequence];
  });
});

test('a call under an id that no replay gives, or that another forced replay gives to another command, is found', () => {
  const callUnder =
    (key: (observed: Mutable<Observed>) => string): Tamper =>
    (observed) =>
      observed.attempts.push({ ...first(observed.attempts), commandId: key(observed) });
  const lastId = ({ topics }: Mutable<Observed>): string => topics.commands.at(-1)?.commandId ?? '';
  finds(
    'one-key',
    callUnder((observed) => forcedIdOf('no such replay', lastId(observed))),
  );
  finds(
    'one-key',
    callUnder((observed) => forcedIdOf('commands-forced', lastId(observed))),
  );
});

test('a replay without force that delivers what was delivered before is found', () => {
  for (const id of ['commands', 'events']) {
    finds('remembered', (observed) => {
      const { counts } = replayOf(observed, id);
      counts.duplicate += 1;
      counts.skippedByLedger -= 1;
    });
  }
});

test('a report that does not add up, or says something else than the topics, is found', () => {
  const tamperings: readonly (readonly [string, Tamper])[] = [
    ['commands', (observed) => (replayOf(observed, 'commands').counts.filteredOut += 1)],
    ['events', (observed) => (replayOf(observed, 'events').counts.pending = 1)],
    ['events', (observed) => (replayOf(observed, 'events').counts.lost = 1)],
    ['events-cancelled', (observed) => (replayOf(observed, 'events-cancelled').counts.cancelled = 1)],
  ];
  for (const [id, tamper] of tamperings) {
    finds('replay-report', tamper);
    assert.match(judge(tamper, [], true).violations[0]?.subject ?? '', new RegExp(`^replay ${id} of`));
  }
  finds('replay-report', (observed) => {
    const { counts } = replayOf(observed, 'commands-forced');
    counts.delivered -= 1;
    counts.skippedByLedger += 1;
  });
  finds('replay-report', (observed) => {
    const replay = replayOf(observed, 'commands');
    for (const span of replay.spans) span.endOffset = span.nextOffset = span.fromOffset;
    replay.counts = { ...replay.counts, read: 0, filteredOut: 0, matched: 0, skippedByLedger: 0 };
  });
  finds('replay-report', ({ lostReplays }) => lostReplays.push('at-9000'));
});

test('a report may count a command as a duplicate that the API knew from another record of it, and not as delivered', () => {
  const countFirstKnownAs = (outcome: 'duplicate' | 'delivered') => (observed: Mutable<Observed>) => {
    const { counts } = replayOf(observed, 'commands-forced');
    assert.ok(counts.skippedByLedger > 0, 'the run has a command twice');
    counts.skippedByLedger -= 1;
    counts[outcome] += 1;
  };
  assert.deepEqual(judge(countFirstKnownAs('duplicate'), [], true).violations, []);
  finds('replay-report', countFirstKnownAs('delivered'));
});
