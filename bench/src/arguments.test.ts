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

test('what cannot be run is refused with what was expected', () => {
  for (const line of ['', 'other', 'ingest ingest', 'ingest --rounds 2', 'ingest --rounds x', 'ingest --seconds 0']) {
    assert.equal(parse(line).kind, 'wrong', line);
  }
  assert.equal(parse('ingest --unknown').kind, 'wrong');
  assert.equal(parse('--help').kind, 'help');
});
