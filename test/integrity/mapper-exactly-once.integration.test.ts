/**
 * The mapper is killed while it works, again and again, and its partitions move between two instances. In the end the
 * command topic holds exactly the commands that the events stand for.
 *
 * The long form: `MAPPER_EVENTS=200000 MAPPER_KILLS=10 npm run with-stack -- node --test
 * test/integrity/mapper-exactly-once.integration.test.ts`.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type createKafkaAdmin, createRecordProducer, readTopic } from '@astrolabe/kafka';
import { headerNames, headerText } from '@astrolabe/records';
import { createLogger, seededRandom } from '@astrolabe/service-kit';
import { eventually, spawnService, type ServiceProcess } from '@astrolabe/testkit';
import { isDrained, prepareMapper } from './mapper-on-broker.ts';
import { MapperModel, connectors, drawEvent, toRecord, type TrafficEvent } from './mapper-traffic.ts';

const EVENTS = Number(process.env['MAPPER_EVENTS'] ?? 20_000);
const KILLS = Number(process.env['MAPPER_KILLS'] ?? 3);
const SEED = Number(process.env['MAPPER_SEED'] ?? 20_261_124);
const USERS = 2_000;
const TIMEOUT_MS = 360_000 + KILLS * 30_000 + EVENTS;

const entry = new URL('../../services/mapper/src/main.ts', import.meta.url);

test(
  'after any number of kill -9 and moves of partitions the command topic holds exactly the expected commands, each once, in order for each key',
  { timeout: TIMEOUT_MS },
  async (t) => {
    const { connection, topics, env, groupId } = await prepareMapper(t, 'exactly-once', connectors);
    const random = seededRandom(SEED);
    const below = (limit: number): number => Math.floor(random() * limit);
    t.diagnostic(`seed ${SEED}: ${EVENTS} events, ${KILLS} kills`);

    let lives = 0;
    const start = (): Promise<ServiceProcess> => spawnService({ name: `mapper-${(lives += 1)}`, entry, env });
    const instances = await Promise.all([start(), start()]);
    t.after(() => Promise.all(instances.map((instance) => instance.stop())));

    const producer = await createRecordProducer({ connection, logger: silent });
    t.after(() => producer.close());
    const model = new MapperModel();
    const send = async (events: readonly TrafficEvent[]): Promise<void> => {
      const positions = await producer.send(topics.segmentEvents.name, events.map(toRecord));
      positions.forEach(({ partition, offset }, index) => {
        const event = events[index];
        if (event !== undefined) model.apply(event, partition, offset);
      });
    };

    const portion = Math.ceil(EVENTS / (KILLS + 1));
    for (let index = 0; index < EVENTS; index += portion) {
      const events = Array.from({ length: Math.min(portion, EVENTS - index) }, (_, at) =>
        drawEvent(index + at, USERS, below),
      );
      const chunks = Array.from({ length: Math.ceil(events.length / 500) }, (_, at) =>
        events.slice(at * 500, at * 500 + 500),
      );
      const sending = (async () => {
        for (const chunk of chunks) await send(chunk);
      })();
      if (index + portion < EVENTS) {
        await sleep(below(600));
        const victim = below(2);
        instances[victim]?.kill('SIGKILL');
        await instances[victim]?.exited;
        // A new member moves partitions away from the one that works, while the dead one still counts.
        instances[victim] = await start();
      }
      await sending;
    }
    await eventually(() => isDrained(connection, groupId, topics.segmentEvents.name), {
      timeoutMs: 60_000 + EVENTS / 2,
      describe: 'the mapper to have handled every event',
    });

    const stored = new Map<string, string[]>();
    let count = 0;
    await readTopic({ connection, topic: topics.commands.name }, (record) => {
      count += 1;
      const key = String(record.key);
      const ids = stored.get(key) ?? [];
      stored.set(key, ids);
      ids.push(headerText(record, headerNames.commandId) ?? 'none');
    });
    const expectedCount = [...model.commandsByKey.values()].reduce(
      (sum, byPartition) => sum + [...byPartition.values()].reduce((all, ids) => all + ids.length, 0),
      0,
    );
    t.diagnostic(`${count} commands of ${model.outcomes.mapped} events; ${model.outcomes.skipped} were skipped`);
    assert.deepEqual(findDifferences(model, stored), []);
    assert.equal(count, expectedCount);

    assert.deepEqual(
      await suppressedUsers(connection, topics.mapperState.name),
      [...model.suppressed].map(stateKeyOf).sort(),
    );
    assert.ok(model.suppressed.size > 0);
    assert.equal(await readTopic({ connection, topic: topics.segmentEventsDeadLetters.name }, () => undefined), 0);
  },
);

const silent = createLogger({ name: 'mapper-exactly-once', level: 'silent' });

/**
 * Keys whose commands are not those of the model, with what is wrong. Commands of one key that stem from several input
 * partitions (an account's, say) are in order for each of them.
 */
function findDifferences(model: MapperModel, stored: ReadonlyMap<string, readonly string[]>): string[] {
  const differences: string[] = [];
  for (const key of new Set([...model.commandsByKey.keys(), ...stored.keys()])) {
    const ids = stored.get(key) ?? [];
    const chains = [...(model.commandsByKey.get(key)?.values() ?? [])];
    const expected = new Set(chains.flat());
    const missing = [...expected].filter((id) => !ids.includes(id)).map((id) => model.sources.get(id));
    const foreign = ids.filter((id) => !expected.has(id)).length;
    const repeated = ids.length - new Set(ids).size;
    const isInOrder = chains.every((chain) => {
      const places = chain.map((id) => ids.indexOf(id));
      return places.every((place, index) => index === 0 || place > (places[index - 1] ?? -1));
    });
    if (missing.length + foreign + repeated > 0 || !isInOrder) {
      differences.push(
        `${key}: missing those of ${missing.join(' ') || 'none'}, ${foreign} foreign, ${repeated} repeated, in order: ${isInOrder}`,
      );
    }
  }
  return differences.slice(0, 20);
}

/** The state holds the hash of the key that the user's events have. */
function stateKeyOf(eventKey: string): string {
  const [connectorId] = JSON.parse(eventKey) as string[];
  const id = createHash('sha256').update(eventKey).digest().subarray(0, 16).toString('base64url');
  return JSON.stringify([connectorId, 'user-sha256', id]);
}

async function suppressedUsers(
  connection: Parameters<typeof createKafkaAdmin>[0],
  changelogTopic: string,
): Promise<string[]> {
  const latest = new Map<string, string | undefined>();
  await readTopic({ connection, topic: changelogTopic }, ({ key, value }) =>
    latest.set(String(key), value?.toString()),
  );
  const suppressed: string[] = [];
  for (const [key, text] of latest) {
    if (!key.includes('"user-sha256"')) continue;
    const state = JSON.parse(text ?? '{}') as { suppressed?: { atMs: number; liftedAtMs?: number } };
    if (state.suppressed !== undefined && state.suppressed.liftedAtMs === undefined) suppressed.push(key);
  }
  return suppressed.sort();
}
