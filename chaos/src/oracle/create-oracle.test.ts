import assert from 'node:assert/strict';
import { test } from 'node:test';
import { trafficConnectors } from '../traffic/traffic-connector.ts';
import { createOracle } from './create-oracle.ts';
import type { Observed, UsageSample } from './observed.ts';
import { perfectRun, type Mutable } from './testing/perfect-run.ts';
import {
  calls,
  findsOnly,
  first,
  giveUp,
  isOfRepeatedEvent,
  judge,
  leaveOutCounts,
  neighbours,
  remove,
  startMs,
} from './testing/tampered-run.ts';

function grow(observed: Mutable<Observed>, name: keyof UsageSample, by: number): void {
  for (const [index, sample] of first(observed.lives).usage.entries()) sample[name] += index * by;
}

test('a run that did not drain is found, and one that did not when it was read again', () => {
  findsOnly('drained', (observed) => (observed.drained = { kind: 'stuck', detail: 'partition 1' }));
  findsOnly('drained', ({ readAgain }) => (readAgain!.drained = { kind: 'stuck', detail: 'partition 1' }));
});

test('an acknowledged event that is not stored is found', () => {
  const lost = 'only-here';
  const { ends, observed } = perfectRun(trafficConnectors, calls, { startMs, attempts: () => 1 });
  leaveOutCounts(observed);
  const oracle = createOracle(trafficConnectors);
  for (const [call, end] of ends) oracle.ended(call, end);
  const [call, end] = first(ends);
  const event = { messageId: lost, type: 'identify', body: { type: 'identify', userId: 'user-1', messageId: lost } };
  oracle.ended({ ...call, sequence: 10_000, events: [event] }, end);
  const { violationCounts, violations } = oracle.judge(observed);
  assert.deepEqual(violationCounts, { stored: 1 });
  assert.match(violations[0]?.trail.join('\n') ?? '', /call 10000 of stream \d+, event 0, .*: 200 at/);
});

test('a bad event that is not in the dead letters is found', () => {
  findsOnly('stored', ({ topics }) => {
    topics.eventDeadLetters = topics.eventDeadLetters.filter(({ source }) => source !== undefined);
  });
});

test('a stored event that says something else than was sent is found', () => {
  findsOnly('stored-as-sent', ({ topics }) => {
    const record = first(topics.events, ({ value }) => value.includes('"plan"'));
    record.value = record.value.replace('"plan"', '"plain"');
  });
});

test('a stored event that happened at another time is found', () => {
  findsOnly('stored-as-sent', ({ topics }) => {
    const record = first(topics.events);
    record.value = record.value.replace(/"timestamp":"\d{4}/, '"timestamp":"2001');
  });
});

test('a record under the key of another user is found', () => {
  findsOnly('stored-as-sent', ({ topics }) => (first(topics.events).key = '["acme","user","nobody"]'));
});

test('a record that nobody sent is found', () => {
  findsOnly('stored-as-sent', ({ topics }) => {
    topics.events.push({ ...first(topics.events), offset: 9_999n, messageId: 'never sent' });
  });
});

test('a command that is missing on its topic is found', () => {
  findsOnly('mapped-once', ({ topics }) => {
    topics.commands.pop();
  });
});

test('a command that is on its topic twice is found', () => {
  findsOnly('mapped-once', ({ topics }) => topics.commands.push({ ...first(topics.commands), offset: 9_999n }));
});

test('a command that no event stands for is found', () => {
  findsOnly('mapped-once', ({ topics }) => {
    topics.commands.push({ ...first(topics.commands), offset: 9_999n, commandId: 'f'.repeat(32) });
  });
});

test('a dead letter of the mapper that is missing, or there twice, is found', () => {
  const isMappers = ({ source }: { source: unknown }): boolean => source !== undefined;
  findsOnly('mapped-once', ({ topics }) => remove(topics.eventDeadLetters, first(topics.eventDeadLetters, isMappers)));
  findsOnly('mapped-once', ({ topics }) => topics.eventDeadLetters.push(first(topics.eventDeadLetters, isMappers)));
});

test('a command that says something else than its event means is found', () => {
  findsOnly('mapped-as-meant', ({ topics }) => {
    const record = first(topics.commands, ({ command }) => command?.kind === 'UpsertUser');
    const { command } = record;
    assert.ok(command !== undefined);
    record.command = { ...command, record: { ...command.record, occurredAt: 1 } } as typeof command;
  });
});

test('two commands of one key that have changed places are found', () => {
  findsOnly('order-by-key', (observed) => {
    const [one, other] = neighbours(observed);
    [one.offset, other.offset] = [other.offset, one.offset];
    const sequences = new Map(observed.arrivals.map((arrival) => [arrival.commandId, arrival]));
    const [a, b] = [sequences.get(one.commandId), sequences.get(other.commandId)];
    if (a !== undefined && b !== undefined) [a.sequence, b.sequence] = [b.sequence, a.sequence];
  });
});

test('two calls of one key that were executed in the wrong order are found', () => {
  findsOnly('order-by-key', (observed) => {
    const [one, other] = neighbours(observed);
    const a = first(observed.arrivals, ({ commandId }) => commandId === one.commandId);
    const b = first(observed.arrivals, ({ commandId }) => commandId === other.commandId);
    [a.sequence, b.sequence] = [b.sequence, a.sequence];
  });
});

test('a command that the API never saw is found', () => {
  findsOnly('accounted', ({ arrivals }) => {
    arrivals.pop();
  });
});

test('a dead letter whose cause this run cannot have is found, and one that it can have is not', () => {
  const kill = (observed: Mutable<Observed>): void => {
    const isLast = new Map(observed.topics.commands.map((record) => [record.commandId, record]));
    const record = first([...isLast.values()], ({ command }) => command?.kind === 'TrackEvent');
    const { commandId } = record;
    giveUp(observed, record);
    remove(
      observed.arrivals,
      first(observed.arrivals, (arrival) => arrival.commandId === commandId),
    );
    observed.workspaces.get(record.connectorId)?.events.delete(commandId);
    leaveOutCounts(observed);
  };
  assert.ok((judge(kill).violationCounts.accounted ?? 0) > 0);
  assert.equal(judge(kill, ['api.rejected']).violationCounts.accounted, undefined);
});

test('a command that was executed twice is found', () => {
  findsOnly('applied-once', ({ arrivals }) =>
    arrivals.push({ ...first(arrivals), sequence: 99_999, outcome: 'unchanged' }),
  );
});

test('repeating a call under its own key is not a violation', () => {
  const { violations } = judge(({ arrivals }) =>
    arrivals.push({ ...first(arrivals), sequence: 99_999, outcome: 'replayed' }),
  );
  assert.deepEqual(violations, []);
});

test('a command that was executed and that no event stands for is found', () => {
  findsOnly('applied-once', ({ arrivals }) => arrivals.push({ ...first(arrivals), commandId: 'f'.repeat(32) }));
});

test('a key that came again with another command is found', () => {
  findsOnly('no-conflict', ({ arrivals }) => {
    const isRepeated = isOfRepeatedEvent(arrivals);
    arrivals.push({ ...first(arrivals, (arrival) => !isRepeated(arrival)), outcome: 'key-reused' });
  });
  findsOnly('no-conflict', ({ arrivals }) =>
    arrivals.push({ ...first(arrivals, isOfRepeatedEvent(arrivals)), occurredAtMs: 1, outcome: 'key-reused' }),
  );
  findsOnly('no-conflict', (observed) => (observed.keysReused = 1));
});

test('a key that is used again because the sender repeated the event with another time is not a conflict', () => {
  const { violations } = judge((observed) => {
    const { arrivals } = observed;
    arrivals.push({ ...first(arrivals, isOfRepeatedEvent(arrivals)), outcome: 'key-reused' });
    observed.keysReused = 1;
  });
  assert.deepEqual(violations, []);
});

test('a call under a key that is not an id, or is the id of another command, is found, executed or not', () => {
  const other = ({ attempts }: Mutable<Observed>) => first(attempts, ({ userId }) => userId !== attempts[0]?.userId);
  const isEvent = ({ kind }: { kind: string }): boolean => kind === 'TrackEvent';
  findsOnly('one-key', ({ attempts }) =>
    attempts.push({ ...first(attempts), commandId: `${attempts[0]?.commandId}-1` }),
  );
  findsOnly('one-key', (observed) =>
    observed.attempts.push({ ...first(observed.attempts), commandId: other(observed).commandId }),
  );
  findsOnly('one-key', ({ attempts }) => attempts.push({ ...first(attempts), occurredAtMs: 1 }));
  findsOnly('one-key', ({ attempts }) => attempts.push({ ...first(attempts, isEvent), eventId: 'f'.repeat(32) }));
});

test('a user, an account, a membership or an event that is not what it has to be is found, with the event that is wronged', () => {
  const tamperings: readonly ((observed: Mutable<Observed>) => void)[] = [
    ({ workspaces }) => {
      const user = first([...(workspaces.get('acme')?.users.values() ?? [])], ({ properties }) => 'plan' in properties);
      user.properties = { ...user.properties, plan: 'another' };
    },
    ({ workspaces }) => workspaces.get('acme')?.users.delete(first([...(workspaces.get('acme')?.users.keys() ?? [])])),
    ({ workspaces }) => workspaces.get('acme')?.accounts.clear(),
    ({ workspaces }) => workspaces.get('globex')?.members.clear(),
    ({ workspaces }) => (first([...(workspaces.get('initech')?.events.values() ?? [])]).event = 'Another'),
  ];
  for (const tamper of tamperings) {
    findsOnly('final-state', tamper);
    const [violation] = judge(tamper).violations;
    assert.match(violation?.trail.join('\n') ?? '', /event topic \d@\d+: .*\n.*command topic \d@\d+.*\n.*API, number/s);
  }
});

test('an entity that nothing has made is found', () => {
  findsOnly('final-state', ({ workspaces }) =>
    workspaces.get('acme')?.users.set('ghost', { properties: {}, occurredAt: '' }),
  );
});

test('counts beyond the topics are found, and missing counts where nobody has died', () => {
  const change = (by: number, end: 'running' | 'killed') => (observed: Mutable<Observed>) => {
    for (const life of observed.lives) {
      life.end = end;
      for (const sample of life.metrics) sample.value += by;
    }
  };
  findsOnly('totals-balance', change(1, 'running'));
  findsOnly('totals-balance', change(1, 'killed'));
  findsOnly('totals-balance', change(-1, 'running'));
  findsOnly('totals-balance', ({ readAgain }) => (readAgain!.lives[0]!.metrics[0]!.value -= 1));
  assert.deepEqual(judge(change(-1, 'killed')).violations, []);
});

test('a process that holds more and more is found, and one that is merely busy is not', () => {
  findsOnly('no-leak', (observed) => grow(observed, 'heapBytes', 1_000_000));
  findsOnly('no-leak', (observed) => grow(observed, 'residentBytes', 3_000_000));
  findsOnly('no-leak', (observed) => grow(observed, 'openDescriptors', 1));
  findsOnly('no-leak', (observed) => grow(observed, 'activeHandles', 1));
  const busy = judge((observed) => {
    for (const [index, sample] of first(observed.lives).usage.entries()) {
      if (index % 9 !== 0) sample.heapBytes += index * 5_000_000;
    }
  });
  assert.deepEqual(busy.violations, []);
});

test('of many violations of one promise twenty are told, and all are counted', () => {
  const { violations, violationCounts } = judge(({ arrivals, lives }) => {
    arrivals.splice(0, 50);
    lives.splice(0);
  });
  assert.equal(violations.length, 20);
  assert.equal(violationCounts.accounted, 50);
});
