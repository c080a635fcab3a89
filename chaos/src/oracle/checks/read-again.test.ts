import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Observed } from '../observed.ts';
import type { Mutable } from '../testing/perfect-run.ts';
import {
  judge,
  findsOnly,
  neighbours,
  isOfRepeatedEvent,
  first,
  giveUp,
  leaveOutCounts,
} from '../testing/tampered-run.ts';

/** It stands behind all calls of the run. */
function executeInReadAgain({ arrivals, readAgain }: Mutable<Observed>, commandId: string): void {
  const arrival = first(arrivals, (each) => each.commandId === commandId);
  arrival.sequence = arrivals.length + 1;
  readAgain?.calls.push(arrival);
}

test('a command that was delivered and is called for when it is read again is found, answered or not, with its event', () => {
  const callAgain = ({ attempts, readAgain }: Mutable<Observed>): void => {
    readAgain?.calls.push(first(attempts), first(attempts));
  };
  findsOnly('remembered', callAgain);
  const { violations, violationCounts } = judge(callAgain);
  assert.equal(violationCounts.remembered, 1);
  assert.match(violations[0]?.detail ?? '', /called for 2 times more/);
  assert.match(violations[0]?.trail.join('\n') ?? '', /event topic/);
});

test('a command that was executed only when it was read again is found', () => {
  findsOnly('accounted', (observed) => executeInReadAgain(observed, first(observed.arrivals).commandId));
});

test('what the re-read executes counts neither for freshness nor among the commands that the run has executed', () => {
  const whole = judge(() => undefined);
  const { figures, freshness } = judge((observed) => executeInReadAgain(observed, first(observed.arrivals).commandId));
  assert.equal(figures.executedCommands, whole.figures.executedCommands - 1);
  assert.equal(freshness.length, whole.freshness.length - 1);
  assert.deepEqual(whole.figures.readAgain, { commands: whole.figures.commandRecords, calls: 0 });
  assert.equal(figures.readAgain?.calls, 1);
});

test('a command that is in the dead letters may be called for, and executed, when it is read again', () => {
  const { violations } = judge(
    (observed) => {
      const [record] = neighbours(observed);
      executeInReadAgain(observed, record.commandId);
      giveUp(observed, record);
      leaveOutCounts(observed);
    },
    ['api.rejected'],
  );
  assert.deepEqual(violations, []);
});

test('of an event that was repeated, a command may be given up at first and delivered as the repetition has it', () => {
  const { violations } = judge(
    (observed) => {
      const { topics, arrivals, attempts, workspaces } = observed;
      const isRepeated = isOfRepeatedEvent(arrivals);
      const record = first(topics.commands, (each) => isRepeated(each) && each.command?.kind === 'TrackEvent');
      const { commandId, connectorId } = record;
      const repeated = topics.commands.findLast((each) => each.commandId === commandId);
      const occurredAtMs = repeated?.command?.record.occurredAt ?? 0;
      assert.notEqual(occurredAtMs, record.command?.record.occurredAt);
      const arrival = first(arrivals, (each) => each.commandId === commandId);
      Object.assign(arrival, { occurredAtMs, sequence: arrivals.length + 1 });
      attempts.push({ ...first(attempts, (each) => each.commandId === commandId), occurredAtMs });
      observed.readAgain!.afterSequence += 1;
      const event = workspaces.get(connectorId)?.events.get(commandId);
      assert.ok(event !== undefined);
      event.occurredAt = new Date(occurredAtMs).toISOString();
      giveUp(observed, record);
      leaveOutCounts(observed);
    },
    ['api.rejected'],
  );
  assert.deepEqual(violations, []);
});
