import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InstanceName, Side } from '../schedule/disturbance.ts';
import { Rollout, type RolloutInstance } from './rollout.ts';
import type { Sources } from './watched-service.ts';

const sources: Readonly<Record<Side, Sources>> = {
  old: { side: 'old', folder: new URL('file:///old/') },
  new: { side: 'new', folder: new URL('file:///new/') },
};

interface World {
  readonly rollout: Rollout;
  /** What was done, in order. */
  readonly told: string[];
  readonly sideOf: (name: InstanceName) => Side | undefined;
  /** An instance of this name and side does not come to serve. */
  readonly failing: Set<string>;
}

function createWorld(applyNewContracts?: () => Promise<void>): World {
  const told: string[] = [];
  const failing = new Set<string>();
  const names = ['mapper-1', 'mapper-2', 'ingest-1'] as const;
  const instances = new Map<InstanceName, RolloutInstance>(
    names.map((name) => {
      const instance = {
        service: name.startsWith('mapper') ? ('mapper' as const) : ('ingest' as const),
        side: 'old' as Side,
        replace: async ({ side, folder }: Sources): Promise<void> => {
          instance.side = side;
          told.push(`${name} begins in ${folder.pathname}`);
          await Promise.resolve();
          if (failing.has(`${name} ${side}`)) throw new Error('it did not serve');
          told.push(`${name} serves`);
        },
      };
      return [name, instance] as const;
    }),
  );
  const apply = applyNewContracts ?? (async () => void told.push('contracts'));
  const rollout = new Rollout({ sources, instances, applyNewContracts: apply, restMs: 1 });
  return { rollout, told, failing, sideOf: (name) => instances.get(name)?.side };
}

test('topics and schemas of the new revision come once, before the first instance', async () => {
  const { rollout, told } = createWorld();
  assert.equal(rollout.contractsAtMs, undefined);
  await Promise.all([
    rollout.declareContracts(),
    rollout.replace('mapper-1', 'new'),
    rollout.replace('ingest-1', 'new'),
  ]);
  await rollout.replace('mapper-1', 'old');
  assert.equal(told[0], 'contracts');
  assert.deepEqual(
    told.filter((line) => line === 'contracts'),
    ['contracts'],
  );
  assert.equal(typeof rollout.contractsAtMs, 'number');
});

test('an instance is replaced when the one before it of its service serves', async () => {
  const { rollout, told } = createWorld();
  const both = [rollout.replace('mapper-1', 'new'), rollout.replace('mapper-2', 'new')];
  assert.deepEqual(await Promise.all(both), [{ kind: 'replaced' }, { kind: 'replaced' }]);
  assert.deepEqual(told, [
    'contracts',
    'mapper-1 begins in /new/',
    'mapper-1 serves',
    'mapper-2 begins in /new/',
    'mapper-2 serves',
  ]);
});

test('an instance that runs the revision already is left alone', async () => {
  const { rollout, told } = createWorld();
  assert.deepEqual(await rollout.replace('mapper-1', 'old'), { kind: 'ran-already' });
  assert.deepEqual(told, []);
});

test('at the end whatever is old is replaced', async () => {
  const { rollout, sideOf } = createWorld();
  await rollout.replace('mapper-1', 'new');
  await rollout.replace('mapper-1', 'old');
  await rollout.finish();
  assert.deepEqual([sideOf('mapper-1'), sideOf('mapper-2'), sideOf('ingest-1')], ['new', 'new', 'new']);
});

test('an instance that does not serve is told, and the next replacement goes on', async () => {
  const { rollout, failing } = createWorld();
  await rollout.replace('mapper-1', 'new');
  failing.add('mapper-1 old');
  assert.deepEqual(await rollout.replace('mapper-1', 'old'), { kind: 'does-not-serve', reason: 'it did not serve' });
  assert.deepEqual(rollout.failures, ['mapper-1 as old: it did not serve']);
  assert.deepEqual(await rollout.replace('mapper-1', 'new'), { kind: 'replaced' });
});

test('no instance is replaced where topics and schemas cannot be declared', async () => {
  const { rollout, told } = createWorld(() => Promise.reject(new Error('the registry refuses')));
  await assert.rejects(rollout.replace('mapper-1', 'new'), /the registry refuses/);
  await assert.rejects(rollout.replace('mapper-2', 'new'), /the registry refuses/);
  assert.deepEqual(told, []);
});
