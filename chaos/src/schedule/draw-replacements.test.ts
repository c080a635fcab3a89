import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serviceInstances, services, type Disturbance, type Side } from './disturbance.ts';
import { drawReplacements } from './draw-replacements.ts';

type Replacement = Extract<Disturbance, { readonly kind: 'replace' }>;

const seeds = Array.from({ length: 100 }, (_, seed) => seed);
const lengths = [1, 2, 5, 12, 30];

function planOf(seed: number, minutes: number): readonly Replacement[] {
  return drawReplacements({ seed, minutes }).map((each) => {
    assert.ok(each.kind === 'replace');
    return each;
  });
}

test('a seed always draws the same replacements, and another seed other ones', () => {
  assert.deepEqual(planOf(7, 3), planOf(7, 3));
  assert.notDeepEqual(planOf(7, 3), planOf(8, 3));
});

test('each replacement changes the revision, and all instances are new at the end', () => {
  for (const minutes of lengths) {
    for (const seed of seeds) {
      const running = new Map<string, Side>(serviceInstances.map((name) => [name, 'old']));
      for (const { target, by } of planOf(seed, minutes)) {
        assert.notEqual(running.get(target), by, `seed ${seed}, ${minutes} minutes: ${target} runs ${by} already`);
        running.set(target, by);
      }
      assert.deepEqual(new Set(running.values()), new Set(['new']), `seed ${seed}, ${minutes} minutes`);
    }
  }
});

test('each service is upgraded one instance after the other, goes back, and forwards again', () => {
  for (const minutes of lengths) {
    for (const seed of seeds) {
      for (const service of services) {
        const own = planOf(seed, minutes).filter(({ target }) => target.startsWith(service));
        assert.deepEqual(
          own.slice(0, 2).map(({ by }) => by),
          ['new', 'new'],
        );
        assert.ok(own.filter(({ by }) => by === 'old').length >= 1, `seed ${seed}, ${minutes} minutes: ${service}`);
        for (const [index, { atMs }] of own.entries()) {
          const before = own[index - 1];
          assert.ok(before === undefined || atMs > before.atMs, `seed ${seed}, ${minutes} minutes: ${service}`);
        }
      }
    }
  }
});

test('over the seeds, an instance with a name and one without go first, and one or both go back', () => {
  const first = new Set<string>();
  const back = new Set<number>();
  for (const seed of seeds) {
    const mappers = planOf(seed, 1).filter(({ target }) => target.startsWith('mapper'));
    first.add(mappers[0]?.target ?? '');
    back.add(mappers.filter(({ by }) => by === 'old').length);
  }
  assert.deepEqual([...first].sort(), ['mapper-1', 'mapper-2']);
  assert.deepEqual([...back].sort(), [1, 2]);
});

test('replacements keep the quiet time at the start and the recovery at the end, and spare who is spared', () => {
  for (const minutes of lengths) {
    for (const seed of seeds) {
      for (const { atMs, target } of planOf(seed, minutes)) {
        assert.ok(atMs >= 8_000 && atMs < minutes * 51_000, `seed ${seed}, ${minutes} minutes: ${atMs}`);
        const isSpared = minutes >= 10 && atMs >= minutes * 20_000 && target.endsWith('-1');
        assert.ok(!isSpared, `seed ${seed}, ${minutes} minutes: ${target} at ${atMs}`);
      }
    }
  }
});
