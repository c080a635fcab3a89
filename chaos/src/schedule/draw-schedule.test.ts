import assert from 'node:assert/strict';
import { test } from 'node:test';
import { links, services, weakensCluster, type Disturbance, type ReplayAction } from './disturbance.ts';
import { drawSchedule } from './draw-schedule.ts';

const seeds = Array.from({ length: 200 }, (_, seed) => seed);

test('a seed always draws the same schedule, and another seed another one', () => {
  const draw = (seed: number) => drawSchedule({ seed, minutes: 3, connectors: 3 });
  assert.deepEqual(draw(7), draw(7));
  assert.notDeepEqual(draw(7), draw(8));
});

test('no two disturbances that take a broker away overlap', () => {
  for (const seed of seeds) {
    const weakening = drawSchedule({ seed, minutes: 10, connectors: 3 }).filter(weakensCluster);
    for (const [index, next] of weakening.entries()) {
      const before = weakening[index - 1];
      if (before !== undefined) assert.ok(next.atMs > before.atMs + before.forMs, `seed ${seed} at ${next.atMs}`);
    }
  }
});

test('a link to a broker takes it away only where it is that of all its clients or of its peers', () => {
  const weakening = links.filter((link) => weakensCluster({ kind: 'cut', link }));
  const ofEach = (who: string): string[] => [1, 2, 3].map((nodeId) => `${who}>broker-${nodeId}`);
  assert.deepEqual(weakening, [...ofEach('clients'), ...ofEach('brokers')]);
  for (const link of links) {
    assert.equal(weakensCluster({ kind: 'blackhole', link }), weakening.includes(link), link);
    assert.equal(weakensCluster({ kind: 'delay', link, delayMs: 400 }), false, link);
  }
});

test('a service loses its way to one broker while another broker is away, among other times', () => {
  const overlap = (one: Disturbance, other: Disturbance): boolean =>
    one.atMs < other.atMs + other.forMs && other.atMs < one.atMs + one.forMs;
  const isOwnLink = (each: Disturbance): boolean =>
    (each.kind === 'cut' || each.kind === 'blackhole') && /^(ingest|mapper|dispatcher)>broker/.test(each.link);
  const schedules = seeds.map((seed) => drawSchedule({ seed, minutes: 10, connectors: 3 }));
  const both = schedules.filter((schedule) =>
    schedule.filter(isOwnLink).some((own) => schedule.some((each) => weakensCluster(each) && overlap(own, each))),
  );
  assert.ok(both.length > seeds.length / 2, `in ${both.length} of ${seeds.length} schedules`);
});

test('no link is left out by the draw', () => {
  const schedules = seeds.slice(0, 20).flatMap((seed) => drawSchedule({ seed, minutes: 10, connectors: 3 }));
  const met = new Set(schedules.flatMap((each) => ('link' in each ? [each.link] : [])));
  assert.deepEqual([...met].sort(), [...links].sort());
});

test('a long run meets every kind of disturbance', () => {
  for (const seed of seeds.slice(0, 20)) {
    const kinds = new Set(drawSchedule({ seed, minutes: 10, connectors: 3 }).map(({ kind }) => kind));
    assert.equal(kinds.size, 15, `seed ${seed}: ${[...kinds].join(' ')}`);
  }
});

test('from a third of a long run on, nothing ends the first instance of a service, so that a slow leak can show', () => {
  const ends = (of: string) => of.endsWith('-1') && !of.startsWith('broker');
  for (const seed of seeds.slice(0, 50)) {
    const schedule = drawSchedule({ seed, minutes: 30, connectors: 3 });
    const later = schedule.filter(({ atMs }) => atMs >= 10 * 60_000);
    for (const disturbance of later) {
      if (disturbance.kind === 'kill' || disturbance.kind === 'restart')
        assert.ok(!ends(disturbance.target), `seed ${seed} at ${disturbance.atMs}`);
      if (disturbance.kind === 'rolling-restart') assert.equal(disturbance.of, 'brokers');
    }
    assert.ok(later.some(({ kind }) => kind === 'kill'));
    assert.ok(schedule.some((each) => each.kind === 'kill' && ends(each.target)));
  }
});

test('each service is killed, restarted and rolled in a long run, and replays of every sort are among it', () => {
  for (const seed of seeds.slice(0, 20)) {
    const schedule = drawSchedule({ seed, minutes: 30, connectors: 3 });
    const targets = (kind: 'kill' | 'restart'): string[] =>
      schedule.flatMap((each) => (each.kind === kind ? [each.target.replace(/-\d$/, '')] : []));
    const rolled = schedule.flatMap((each) => (each.kind === 'rolling-restart' ? [each.of] : []));
    for (const service of services) {
      for (const met of [targets('kill'), targets('restart'), rolled]) assert.ok(met.includes(service), `seed ${seed}`);
    }
    const replays = schedule.filter(({ kind }) => kind === 'replay') as Extract<Disturbance, ReplayAction>[];
    assert.equal(new Set(replays.map(({ source, isForced, midway }) => `${source} ${isForced} ${midway}`)).size, 12);
    assert.equal(new Set(replays.map(({ atMs }) => atMs)).size, replays.length, 'their ids are their times');
  }
});

test('disturbances begin after a quiet time and leave the end of the run to recovery', () => {
  for (const seed of seeds) {
    const schedule = drawSchedule({ seed, minutes: 2, connectors: 3 });
    assert.ok(schedule.length >= 8);
    for (const { atMs } of schedule) assert.ok(atMs >= 8_000 && atMs < 102_000);
  }
});
