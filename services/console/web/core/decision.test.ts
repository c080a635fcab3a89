import assert from 'node:assert/strict';
import { test } from 'node:test';
import { enterDecision, isConfirmed, isExpired, type Decision, type Plan } from './decision.ts';
import { UNREACHABLE } from './resource-state.ts';

const plan: Plan = { planId: 'p1', expiresAt: '2026-11-29T12:00:00Z', count: '20000', toType: '20000' };

const all: readonly Decision<Plan>[] = [
  { kind: 'closed' },
  { kind: 'planning' },
  { kind: 'planned', plan, typed: '' },
  { kind: 'executing', plan },
  { kind: 'accepted', plan, jobId: 'j1' },
  { kind: 'expired' },
  { kind: 'failed', problem: UNREACHABLE },
];

test('a decision goes on only as its table allows: nothing is executed that was not planned', () => {
  const allowed = all.map((from) => {
    const nexts = all.filter((next) => {
      try {
        return enterDecision(from, next) === next;
      } catch {
        return false;
      }
    });
    return `${from.kind}: ${nexts.map(({ kind }) => kind).join(' ')}`;
  });
  assert.deepEqual(allowed, [
    'closed: planning',
    'planning: closed planned failed',
    'planned: closed planning planned executing expired',
    'executing: closed accepted expired failed',
    'accepted: closed planning',
    'expired: closed planning',
    'failed: closed planning',
  ]);
});

test('what has to be typed is typed word for word, and a count grouped or not', () => {
  const confirmed = (typed: string, toType = plan.toType) =>
    isConfirmed({ kind: 'planned', plan: { ...plan, toType }, typed });
  assert.deepEqual(
    ['20000', ' 20,000 ', '2000', '', 'yes', '20000.0'].map((typed) => confirmed(typed)),
    [true, true, false, false, false, false],
  );
  assert.ok(isConfirmed({ kind: 'planned', plan: { ...plan, toType: undefined }, typed: '' }));
  assert.ok(confirmed('replay-1', 'replay-1') && !confirmed('replay-2', 'replay-1'));
});

test('a plan is good until the moment that it names', () => {
  const at = Date.parse(plan.expiresAt);
  assert.deepEqual([isExpired(plan, at - 1), isExpired(plan, at)], [false, true]);
});
