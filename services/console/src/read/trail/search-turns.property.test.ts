import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { test } from 'node:test';
import fc from 'fast-check';
import { SearchTurns } from './search-turns.ts';

interface Asker {
  readonly name: string;
  readonly leaving: AbortController;
  outcome: string | undefined;
}

test('at most so many searches run, who asks for the same shares one, and each asker is answered or refused', async () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('ask' as const), name: fc.constantFrom('a', 'b', 'c', 'd', 'e') }),
    fc.record({ kind: fc.constant('finish' as const), index: fc.nat(5) }),
    fc.record({ kind: fc.constant('leave' as const), index: fc.nat(20) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const turns = new SearchTurns({ atOnce: 2, waiting: 1 });
      const running: { readonly name: string; readonly end: () => void; readonly signal: AbortSignal }[] = [];
      const askers: Asker[] = [];
      const search = (name: string) => (signal: AbortSignal) =>
        new Promise<string>((resolve, reject) => {
          const own = { name, signal, end: () => resolve(`found ${name}`) };
          running.push(own);
          signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
        });
      const settle = async (): Promise<void> => {
        for (let count = 0; count < 4; count += 1) await turn();
      };
      const open = () => running.filter(({ signal }) => !signal.aborted);
      for (const each of steps) {
        if (each.kind === 'ask') {
          const asker: Asker = { name: each.name, leaving: new AbortController(), outcome: undefined };
          askers.push(asker);
          turns.run(each.name, asker.leaving.signal, search(each.name)).then(
            (outcome) => (asker.outcome = outcome.kind === 'found' ? outcome.found : outcome.kind),
            () => (asker.outcome = 'left'),
          );
        } else if (each.kind === 'finish') {
          const [ended] = running.splice(each.index, 1);
          ended?.end();
        } else askers[each.index]?.leaving.abort(new Error('left'));
        await settle();
        assert.ok(open().length <= 2, 'two run at once');
        assert.equal(new Set(open().map(({ name }) => name)).size, open().length, 'none runs twice');
      }
      for (let rounds = 0; rounds < 10; rounds += 1) {
        for (const { end } of running.splice(0)) end();
        await settle();
      }
      for (const { name, outcome } of askers) {
        assert.ok(outcome === `found ${name}` || outcome === 'busy' || outcome === 'left', outcome);
      }
    }),
    { numRuns: 100 },
  );
});

test('a search that nobody waits for any more ends, and who asks again has one of its own', async () => {
  const turns = new SearchTurns({ atOnce: 1, waiting: 1 });
  const signals: AbortSignal[] = [];
  const search = (signal: AbortSignal) =>
    new Promise<string>((_resolve, reject) => {
      signals.push(signal);
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    });
  const [one, two] = [new AbortController(), new AbortController()];
  const asked = [turns.run('a', one.signal, search), turns.run('a', two.signal, search)];
  one.abort(new Error('left'));
  await assert.rejects(asked[0]!, /left/);
  assert.deepEqual(
    signals.map(({ aborted }) => aborted),
    [false],
  );
  two.abort(new Error('left'));
  await assert.rejects(asked[1]!, /left/);
  assert.equal(signals[0]?.aborted, true);
  const again = turns.run('a', new AbortController().signal, async () => 'found');
  assert.deepEqual(await again, { kind: 'found', found: 'found' });
});
