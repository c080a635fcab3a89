import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alertGroups } from '../alert-files.ts';
import type { AlertRule } from '../alert-rule.ts';
import { withoutClauses } from '../expression.ts';
import { readFindings, trialsOf, type Trial } from './alert-mutants.ts';

const rule: AlertRule = {
  name: 'Full',
  severity: 'warning',
  expr: 'a > 1\nunless b == 1',
  for: '5m',
  summary: 'It is full',
  description: 'It has been full for five minutes.',
  runbook: 'Full',
  fires: [{ when: 'a is 2', input: { a: '2x20' }, at: '10m', labels: [{}] }],
  silent: [
    { when: 'a has been 2 for three minutes', input: { a: '2x20' }, at: '3m' },
    { when: 'b is 1', input: { a: '2x20', b: '1x20' }, at: '10m' },
  ],
};

test('an alert is broken in each way, for each situation that has to notice', () => {
  assert.deepEqual(
    trialsOf(rule).map((trial) => [trial.name, trial.expected, trial.rule.expr, trial.rule.for, situationsOf(trial)]),
    [
      ['Full-as-it-is', 'passes', rule.expr, '5m', '10m, not 3m, not 10m'],
      ['Full-never-1', 'fails', 'vector(0) > 1', '5m', '10m'],
      ['Full-always', 'fails', 'vector(1)', '5m', 'not 3m, not 10m'],
      ['Full-at-once', 'fails', rule.expr, '0m', 'not 3m, not 10m'],
      ['Full-without-clause-1', 'fails', 'a > 1', '5m', '10m, not 3m, not 10m'],
      ['Full-too-soon-1', 'fails', rule.expr, '0m', 'not 3m'],
      ['Full-always-2', 'fails', 'vector(1)', '5m', 'not 10m'],
    ],
  );
});

test('no two trials have one name, so that none takes the files of another', () => {
  const names = Object.values(alertGroups)
    .flat()
    .flatMap(trialsOf)
    .map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
});

test('a clause of an expression is taken away where an alert is left', () => {
  assert.deepEqual(withoutClauses('max(a) > 1 and on (x) (b or c)'), [
    'max(a) > 1',
    'max(a) > 1 and on (x) (b)',
    'max(a) > 1 and on (x) (c)',
  ]);
  assert.deepEqual(withoutClauses('sum(a) / sum(b) > 0.5'), []);
});

test('a broken alert that passes is found, and so is one about which promtool comes to no verdict', () => {
  const [asItIs, never, always, atOnce] = trialsOf(rule) as [Trial, Trial, Trial, Trial];
  const failed =
    '  FAILED:\n    alertname: AstrolabeFull, time: 10m, \n        exp:[\n            0: x\n            ], \n        got:[]\n';
  const output = [
    `Unit Testing:  ${asItIs.name}\n  SUCCESS\n\n`,
    `Unit Testing:  ${never.name}\n${failed}\n`,
    `Unit Testing:  ${always.name}\n  SUCCESS\n\n`,
    `Unit Testing:  ${atOnce.name}\n  FAILED:\n yaml: line 3: did not find expected key\n`,
  ].join('');
  const findings = readFindings([asItIs, never, always, atOnce], output, ({ name }) => name);
  assert.deepEqual(
    findings.map(({ trial, found }) => [trial.name, found]),
    [
      ['Full-always', 'passes'],
      ['Full-at-once', 'nothing'],
    ],
  );
  assert.equal(readFindings([never], '', ({ name }) => name)[0]?.found, 'nothing');
});

function situationsOf(trial: Trial): string {
  return [...trial.rule.fires.map(({ at }) => at), ...trial.rule.silent.map(({ at }) => `not ${at}`)].join(', ');
}
