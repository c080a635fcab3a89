import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isJobOver, movedTo, type JobPhase } from './job-phase.ts';

const phases: readonly JobPhase[] = ['waiting', 'running', 'cancelling', 'done', 'cancelled', 'failed'];

test('a job that is over stays so, and every other one can still end', () => {
  for (const from of phases) {
    const ends = ['done', 'cancelled', 'failed'] as const;
    if (!isJobOver(from)) {
      for (const end of ends) assert.equal(movedTo(from, end), end);
      continue;
    }
    for (const to of phases) {
      if (to === from) assert.equal(movedTo(from, to), to);
      else assert.throws(() => movedTo(from, to), new RegExp(`that is ${from} cannot be ${to}`));
    }
  }
});

test('a job whose end was asked for is not taken up again', () => {
  for (const to of ['waiting', 'running'] as const) assert.throws(() => movedTo('cancelling', to));
});
