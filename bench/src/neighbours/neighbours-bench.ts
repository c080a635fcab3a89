/**
 * What a quiet connector notices of one that floods (dispatcher) and of bodies that are expensive to read (ingest).
 * `ours` is with the neighbour, `baseline` without; the ratio is that of the quiet connector's p99, so that lower is
 * better.
 */
import { randomBytes } from 'node:crypto';
import { createKafkaAdmin } from '@astrolabe/kafka';
import { topicsFor } from '@astrolabe/records';
import { spawnService, uniqueName, type ServiceProcess } from '@astrolabe/testkit';
import { openLab, type BenchLab } from '../bench-lab.ts';
import type { BenchOptions } from '../bench-options.ts';
import { compareInTurns } from '../compare-in-turns.ts';
import type { ComparedCase, Sample } from '../comparison.ts';
import { floodingConnector, measureFlood, quietConnector, type Flood } from './dispatcher-flood.ts';
import { measureAttack, type Attack } from './ingest-attack.ts';

const floods: readonly (Flood & { readonly name: string })[] = [
  { name: 'flood-one-user', users: 1 },
  { name: 'flood-many-users', users: 20_000 },
];
const WARM_UP_SECONDS = 3;
const ingestMain = new URL('../../../services/ingest/src/main.ts', import.meta.url);

/** Rejects when a command or request of the quiet connector does not get through. */
export async function runNeighboursBench(options: BenchOptions): Promise<ComparedCase[]> {
  const quietKey = randomBytes(16).toString('hex');
  const floodingKey = randomBytes(16).toString('hex');
  await using lab = await openLab(options, [
    { id: quietConnector, name: 'Quiet', apiKey: quietKey },
    { id: floodingConnector, name: 'Flooding', apiKey: floodingKey },
  ]);
  const { rounds, seconds, say } = options;
  const compare = (name: string, measure: (isWith: boolean) => Promise<Sample>): Promise<ComparedCase> =>
    compareInTurns({
      name,
      unit: 'events/s',
      compared: 'p99Ms',
      rounds,
      say,
      measure: (side) => measure(side === 'ours'),
    });

  const cases: ComparedCase[] = [];
  for (const { name, users } of floods) {
    cases.push(await compare(name, (isWith) => measureFlood({ users: isWith ? users : 0 }, lab, seconds)));
  }
  await using cleanup = new AsyncDisposableStack();
  const ingest = await startIngest(lab, cleanup);
  await measureAttack(ingest, quietKey, undefined, WARM_UP_SECONDS);
  const attacks: readonly (Attack & { readonly name: string })[] = [
    { name: 'costly-own-key', writeKey: floodingKey },
    { name: 'costly-no-key', writeKey: undefined },
  ];
  for (const { name, ...attack } of attacks) {
    cases.push(await compare(name, (isWith) => measureAttack(ingest, quietKey, isWith ? attack : undefined, seconds)));
  }
  return cases;
}

async function startIngest(lab: BenchLab, cleanup: AsyncDisposableStack): Promise<ServiceProcess> {
  const admin = await createKafkaAdmin(lab.connection);
  cleanup.defer(() => admin.close());
  const prefix = `${uniqueName('bench')}.`;
  const { segmentEvents, segmentEventsDeadLetters } = topicsFor(prefix);
  const topics = [segmentEvents, segmentEventsDeadLetters];
  await admin.applyTopics(await admin.planTopics(topics, 1));
  cleanup.defer(() => admin.deleteTopics(topics.map(({ name }) => name)));
  const service = await spawnService({
    name: 'ingest',
    entry: ingestMain,
    env: {
      KAFKA_BROKERS: lab.kafkaBrokers,
      KAFKA_TOPIC_PREFIX: prefix,
      CONNECTORS_FILE: lab.connectorsFile,
      INGEST_PORT: '0',
      INGEST_DRAIN_MS: '0',
      ADMIN_PORT: '0',
    },
  });
  cleanup.defer(() => service.stop());
  return service;
}
