import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertMayEnter, commandStates, isOver, type CommandState } from './command-states.ts';

const states = Object.keys(commandStates) as CommandState[];

test('exactly the transitions of the table are allowed, and the fault of any other names both states', () => {
  const table = new Map<CommandState, readonly CommandState[]>([
    ['decoding', ['waiting', 'dead-lettering', 'storing', 'finished', 'cancelled', 'failed']],
    ['waiting', ['calling', 'dead-lettering', 'cancelled']],
    ['calling', ['waiting', 'pausing', 'dead-lettering', 'storing', 'cancelled', 'failed']],
    ['pausing', ['waiting', 'cancelled']],
    ['dead-lettering', ['storing', 'finished', 'cancelled', 'failed']],
    ['storing', ['finished', 'failed']],
    ['finished', []],
    ['cancelled', []],
    ['failed', []],
  ]);
  assert.deepEqual(new Set(table.keys()), new Set(states));
  for (const from of states) {
    for (const to of states) {
      if (table.get(from)?.includes(to)) assertMayEnter(from, to);
      else assert.throws(() => assertMayEnter(from, to), new Error(`a command that is ${from} cannot become ${to}`));
    }
  }
});

test('a command is over in the states that nothing follows, and each state can be reached and left for one of them', () => {
  assert.deepEqual(states.filter(isOver), ['finished', 'cancelled', 'failed']);
  const reached = new Set<CommandState>(['decoding']);
  for (const state of reached) for (const next of commandStates[state].next) reached.add(next);
  assert.deepEqual(reached, new Set(states));
  for (const state of states)
    if (!isOver(state))
      assert.ok(
        commandStates[state].next.some((next) => isOver(next)),
        state,
      );
});

test('no record is finished that was not decided before: from waiting and pausing there is no way past a call', () => {
  for (const state of ['waiting', 'calling', 'pausing'] as const) {
    assert.ok(!commandStates[state].next.some((next) => next === 'finished'), state);
  }
});
