import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseArguments } from './arguments.ts';

const parse = (line: string) => parseArguments(line.split(' '), ['ingest']);

test('a bench is named, and rounds and seconds have defaults that --quick shortens', () => {
  assert.deepEqual(parse('ingest'), { kind: 'run', bench: 'ingest', rounds: 5, seconds: 6, json: false });
  assert.deepEqual(parse('ingest --quick --json'), { kind: 'run', bench: 'ingest', rounds: 3, seconds: 2, json: true });
  assert.deepEqual(parse('--rounds 7 ingest --seconds 0.5'), {
    kind: 'run',
    bench: 'ingest',
    rounds: 7,
    seconds: 0.5,
    json: false,
  });
});

test('the bench of growth has sizes, which --quick makes small and flags set', () => {
  const growth = (line: string) => {
    const parsed = parseArguments(line.split(' '), ['growth']);
    return parsed.kind === 'run' ? parsed.growth : parsed.kind;
  };
  assert.deepEqual(growth('growth'), {
    entries: 10_000_000,
    users: 1_000_000,
    connectors: 1_000,
    partitions: [6, 24, 96],
    factors: false,
  });
  assert.deepEqual(growth('growth --quick --users 500 --partitions 6,12 --factors'), {
    entries: 100_000,
    users: 500,
    connectors: 50,
    partitions: [6, 12],
    factors: true,
  });
  for (const wrong of ['--entries x', '--users -1', '--connectors 1', '--partitions 6,', '--partitions 0']) {
    assert.equal(growth(`growth ${wrong}`), 'wrong', wrong);
  }
});

test('what cannot be run is refused with what was expected', () => {
  for (const line of ['', 'other', 'ingest ingest', 'ingest --rounds 2', 'ingest --rounds x', 'ingest --seconds 0']) {
    assert.equal(parse(line).kind, 'wrong', line);
  }
  assert.equal(parse('ingest --unknown').kind, 'wrong');
  assert.equal(parse('--help').kind, 'help');
});
