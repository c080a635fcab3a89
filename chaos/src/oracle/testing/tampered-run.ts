/** A perfect run that is tampered with before it is judged. */
import assert from 'node:assert/strict';
import { createTraffic } from '../../traffic/create-traffic.ts';
import { trafficConnectors } from '../../traffic/traffic-connector.ts';
import { createOracle } from '../create-oracle.ts';
import type { Observed } from '../observed.ts';
import type { Invariant, Judgement } from '../violation.ts';
import { perfectRun, type Mutable } from './perfect-run.ts';

export const startMs = Date.parse('2026-11-24T10:00:00.000Z');
export const calls = [...createTraffic({ seed: 7, events: 400, connectors: trafficConnectors, startMs })];

type Tamper = (observed: Mutable<Observed>) => void;

export function judge(tamper: Tamper, codes: readonly string[] = [], hasReplays = false): Judgement {
  const attempts = ({ sequence }: { readonly sequence: number }): number => (sequence % 5 === 0 ? 2 : 1);
  const { ends, observed } = perfectRun(trafficConnectors, calls, { startMs, attempts, hasReplays });
  tamper(observed);
  const oracle = createOracle(trafficConnectors, { possibleDeadLetterCodes: codes });
  for (const [call, end] of ends) oracle.ended(call, end);
  return oracle.judge(observed);
}

/**
 * The tampering gives violations of this one promise and of no other. The services' counts, which tell of it too, are
 * left out.
 */
export function findsOnly(invariant: Invariant, tamper: Tamper, hasReplays = false): void {
  const leavesOut = invariant !== 'totals-balance' && invariant !== 'no-leak';
  const tampered: Tamper = (observed) => {
    if (leavesOut) leaveOutCounts(observed);
    tamper(observed);
  };
  const { violationCounts, violations } = judge(tampered, [], hasReplays);
  assert.deepEqual(Object.keys(violationCounts), [invariant], JSON.stringify(violations.slice(0, 3), undefined, 2));
}

export function leaveOutCounts(observed: Mutable<Observed>): void {
  observed.lives = [];
  if (observed.readAgain !== undefined) observed.readAgain.lives = [];
}

export function first<T>(items: readonly T[], isMeant: (item: T) => boolean = () => true): T {
  const found = items.find(isMeant);
  assert.ok(found !== undefined);
  return found;
}

export function giveUp({ topics }: Mutable<Observed>, record: Mutable<Observed>['topics']['commands'][number]): void {
  const dead = { code: 'api.rejected', message: '400', source: record, value: '', replayId: undefined };
  topics.commandDeadLetters.push({ ...record, ...dead });
}

export function remove<T>(items: T[], item: T): void {
  items.splice(items.indexOf(item), 1);
}

/** Two commands of one key, one behind the other, that are there once. */
export function neighbours({ topics }: Mutable<Observed>) {
  const isAlone = (id: string): boolean => topics.commands.filter(({ commandId }) => commandId === id).length === 1;
  for (const one of topics.commands) {
    const other = topics.commands.find(
      (record) => record.key === one.key && record.partition === one.partition && record.offset > one.offset,
    );
    if (other === undefined || other.messageId === one.messageId) continue;
    if (one.key?.includes('"account"') !== true && isAlone(one.commandId) && isAlone(other.commandId))
      return [one, other] as const;
  }
  throw new Error('the traffic has no two commands of one key');
}

/** Of a command whose event stands on the topic at two times. */
export function isOfRepeatedEvent(arrivals: readonly { readonly commandId: string }[]) {
  const { observed } = perfectRun(trafficConnectors, calls, {
    startMs,
    attempts: ({ sequence }) => (sequence % 5 ? 1 : 2),
  });
  const times = new Map<string, Set<number>>();
  for (const { commandId, command } of observed.topics.commands) {
    times.set(commandId, (times.get(commandId) ?? new Set()).add(command?.record.occurredAt ?? 0));
  }
  assert.ok(arrivals.some(({ commandId }) => (times.get(commandId)?.size ?? 0) > 1));
  return ({ commandId }: { readonly commandId: string }): boolean => (times.get(commandId)?.size ?? 0) > 1;
}
