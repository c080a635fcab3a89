import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonicalJson, type JsonObject, type JsonValue } from '@astrolabe/schemas';
import type { ApiCommand } from '../commands/command.ts';
import { openDatabase } from './database.ts';
import { createState } from './state.ts';

const userId = fc.constantFrom('u', 'v');
const accountId = fc.constantFrom('a', 'b');
// Few times and values, so that ties are common.
const occurredAtMs = fc.integer({ min: 1, max: 4 });
const dictionary = <T>(names: fc.Arbitrary<string>, values: fc.Arbitrary<T>) =>
  fc.dictionary(names, values, { noNullPrototype: true });
const value = fc.oneof(
  fc.constantFrom<JsonValue>(null, true, 1, 'x'),
  dictionary(fc.constantFrom('p', 'q'), fc.nat(2)),
);
const properties: fc.Arbitrary<JsonObject> = dictionary(fc.constantFrom('p', 'q', 'r'), value);

const command: fc.Arbitrary<ApiCommand> = fc.oneof(
  fc.record({ kind: fc.constant('upsertUser' as const), userId, occurredAtMs, properties }),
  fc.record({ kind: fc.constant('upsertAccount' as const), accountId, occurredAtMs, properties }),
  fc.record({ kind: fc.constant('associateUser' as const), accountId, userId, occurredAtMs }),
  fc.record({ kind: fc.constant('deleteUser' as const), userId, occurredAtMs }),
);

const event = fc.record({
  kind: fc.constant('trackEvent' as const),
  event: fc.constant('E'),
  userId: fc.option(userId),
  anonymousId: fc.constant('v'),
  occurredAtMs,
  properties,
  userProperties: fc.option(properties),
});

/** Commands of which each event has an id of its own, and another order of the same. */
const orders = fc
  .tuple(fc.array(command, { maxLength: 10 }), fc.array(event, { maxLength: 4 }))
  .map(([commands, events]): ApiCommand[] => [
    ...commands,
    ...events.map((item, index) => ({ ...item, id: `e${index}` })),
  ])
  .chain((commands) =>
    fc.record({
      commands: fc.shuffledSubarray(commands, { minLength: commands.length }),
      reordered: fc.shuffledSubarray(commands, { minLength: commands.length }),
    }),
  );

function stateAfter(commands: readonly ApiCommand[]) {
  const database = openDatabase(':memory:');
  const state = createState(database);
  for (const item of commands) state.apply('acme', item);
  const accounts = state.entities.list('acme', 'account', '', 100);
  const read = {
    users: state.entities.list('acme', 'user', '', 100),
    accounts,
    members: accounts.map(({ id }) => state.memberships.list('acme', id, '', 100)),
    events: state.events.list('acme', {}, { occurredAtMs: 0, id: '' }, 100),
  };
  database.close();
  return read;
}

test('the final state does not depend on the order in which commands arrive', () => {
  fc.assert(
    fc.property(orders, ({ commands, reordered }) => {
      assert.deepStrictEqual(stateAfter(reordered), stateAfter(commands));
    }),
    { numRuns: 150 },
  );
});

test('the final state does not change when commands arrive again', () => {
  fc.assert(
    fc.property(orders, ({ commands, reordered }) => {
      assert.deepStrictEqual(stateAfter([...commands, ...reordered]), stateAfter(commands));
    }),
    { numRuns: 50 },
  );
});

test('a user equals a plain computation of its newest writes after its newest deletion', () => {
  fc.assert(
    fc.property(orders, ({ commands }) => {
      const aboutUser = commands.filter((item) => 'userId' in item && item.userId === 'u');
      const deletedAtMs = Math.max(0, ...aboutUser.map((item) => (item.kind === 'deleteUser' ? item.occurredAtMs : 0)));
      const lasting = aboutUser.filter((item) => item.kind !== 'deleteUser' && item.occurredAtMs > deletedAtMs);
      const said = lasting.flatMap((item) => {
        const about =
          item.kind === 'upsertUser' ? item.properties : item.kind === 'trackEvent' ? (item.userProperties ?? {}) : {};
        return Object.entries(about).map(([name, entry]) => ({ name, entry, atMs: item.occurredAtMs }));
      });
      const newest = new Map<string, { entry: JsonValue; atMs: number }>();
      for (const { name, entry, atMs } of said) {
        const current = newest.get(name);
        const wins =
          current === undefined ||
          atMs > current.atMs ||
          (atMs === current.atMs && canonicalJson(entry) > canonicalJson(current.entry));
        if (wins) newest.set(name, { entry, atMs });
      }
      const user = stateAfter(commands).users.find(({ id }) => id === 'u');
      assert.equal(user !== undefined, lasting.length > 0);
      if (user === undefined) return;
      assert.deepStrictEqual(
        user.properties,
        [...newest]
          .map(([name, { entry, atMs }]) => [name, entry, atMs])
          .sort(([a], [b]) => ((a as string) < (b as string) ? -1 : 1)),
      );
      assert.equal(user.occurredAtMs, Math.max(...lasting.map((item) => item.occurredAtMs)));
    }),
    { numRuns: 150 },
  );
});
