import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseArguments } from './arguments.ts';

const parse = (line: string) => parseArguments(line.split(' '), ['console', 'ingest', 'pipeline', 'replay']);
const noChoice = { part: undefined, rate: undefined, members: undefined };
const noRate = { rate: undefined };
const noReplay = { part: undefined, rate: undefined, events: undefined };

test('a bench is named, and rounds and seconds have defaults that --quick and --smoke shorten', () => {
  const ingest = { kind: 'run', bench: 'ingest', json: false, pipeline: noChoice, replay: noReplay, console: noRate };
  assert.deepEqual(parse('ingest'), { ...ingest, rounds: 5, seconds: 6, size: 'full' });
  assert.deepEqual(parse('ingest --quick --json'), { ...ingest, rounds: 3, seconds: 2, size: 'quick', json: true });
  assert.deepEqual(parse('ingest --smoke'), { ...ingest, rounds: 1, seconds: 1, size: 'smoke' });
  assert.deepEqual(parse('--rounds 7 ingest --seconds 0.5'), { ...ingest, rounds: 7, seconds: 0.5, size: 'full' });
});

test('the benches of the pipeline, of replays and of the console measure longer, and their part, rate and size can be chosen', () => {
  const chosenOf = (line: string) => {
    const parsed = parse(line);
    if (parsed.kind !== 'run') throw new Error(parsed.kind);
    const { seconds, pipeline, replay, console } = parsed;
    return { seconds, pipeline, replay, console };
  };
  const all = { seconds: 20, pipeline: noChoice, replay: noReplay, console: noRate };
  assert.deepEqual(chosenOf('pipeline'), all);
  assert.deepEqual(chosenOf('replay'), all);
  assert.deepEqual(chosenOf('console'), all);
  assert.deepEqual(chosenOf('console --rate 40').console, { rate: 40 });
  assert.deepEqual(chosenOf('pipeline --part live --rate 800').pipeline, { ...noChoice, part: 'live', rate: 800 });
  assert.deepEqual(chosenOf('pipeline --members 5000').pipeline, { ...noChoice, members: 5000 });
  assert.deepEqual(chosenOf('replay --part share --rate 50 --events 700').replay, {
    part: 'share',
    rate: 50,
    events: 700,
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
  for (const line of [
    'ingest --rate 5',
    'pipeline --rate 0',
    'pipeline --members 1.5',
    'pipeline --part other',
    'pipeline --part idle',
  ]) {
    assert.equal(parse(line).kind, 'wrong', line);
  }
  for (const line of [
    'ingest --events 5',
    'pipeline --events 5',
    'replay --members 5',
    'replay --part live',
    'console --part live',
  ]) {
    assert.equal(parse(line).kind, 'wrong', line);
  }
  assert.equal(parse('ingest --unknown').kind, 'wrong');
  assert.equal(parse('--help').kind, 'help');
});
