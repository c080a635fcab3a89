/** Brokers and topics. */
import type { TopicPlan, Topics } from '@astrolabe/records';
import { errorMessage, isPipelineError } from '@astrolabe/service-kit/errors';
import type { Cluster } from '../cluster/cluster.ts';
import { problem, type Finding } from './core/finding.ts';
import { judgeBrokers, judgeTopicIds } from './core/judge-brokers.ts';
import { judgeRecordTimes, MAX_SKEW_MS } from './core/judge-machine.ts';
import { judgeTopics } from './core/judge-topics.ts';
import { judgeVersions, type BrokerRelease } from './core/judge-versions.ts';

export interface TopicSettings {
  readonly replicationFactor: number;
  /** Of the dispatcher's delivery ledger. */
  readonly ledgerWindowMs: number;
}

export interface ClusterExamination {
  readonly findings: readonly Finding[];
  /** Every topic of the pipeline exists, so that their contents can be examined. */
  readonly hasAllTopics: boolean;
}

export async function examineCluster(
  cluster: Cluster,
  { replicationFactor, ledgerWindowMs }: TopicSettings,
  nowMs: number,
): Promise<ClusterExamination> {
  try {
    const declared = cluster.topics;
    const topics = Object.values(declared);
    const described = await cluster.describe(topics.map(({ name }) => name));
    const plan: TopicPlan = await cluster.admin.planTopics(topics, replicationFactor);
    const replicas = described.topics.flatMap(({ partitions }) => partitions.map((each) => each.replicas));
    const releases = await readReleases(cluster, described.brokers);
    const findings = [
      ...judgeBrokers(described),
      ...judgeVersions(releases, Math.min(described.brokers.length, ...replicas)),
      ...judgeTopics({ declared, cluster: described, plan, ledgerWindowMs }),
      ...judgeTopicIds(await readTopicIds(cluster)),
      ...(await examineRecordTimes(cluster, new Set(described.topics.map(({ name }) => name)), nowMs)),
    ];
    return { findings, hasAllTopics: described.topics.length === topics.length };
  } catch (error) {
    return { findings: [judgeBrokerFault(error)], hasAllTopics: false };
  }
}

export function judgeBrokerFault(error: unknown): Finding {
  const fact = errorMessage(error);
  if (isPipelineError(error, 'kafka.unauthorized')) {
    const meaning = 'this user may not examine the cluster; the rights of the services are unknown';
    return problem('brokers', fact, meaning, 'grant the right that is named, or use a user that has it');
  }
  const meaning = 'ingest answers 503 and the other services wait; nothing is lost';
  return problem('brokers', fact, meaning, 'check KAFKA_BROKERS, KAFKA_SSL, KAFKA_SASL_* and the network');
}

async function readTopicIds({ inspector, topics }: Cluster) {
  const found = await inspector.describe([topics.segmentEvents.name, topics.commands.name]);
  return found.filter(({ errorCode }) => errorCode === 0).map(({ topicId }) => topicId);
}

function readReleases(
  { readBrokerFeatures }: Cluster,
  brokers: readonly { readonly host: string; readonly port: number }[],
): Promise<BrokerRelease[]> {
  return Promise.all(
    brokers.map(async ({ host, port }): Promise<BrokerRelease> => {
      const features = await readBrokerFeatures({ host, port }).catch(() => undefined);
      return { broker: `${host}:${port}`, metadataLevel: features?.get('metadata.version') };
    }),
  );
}

/** Kafka has no clock to ask. Records carry the time of the machine that wrote them: ingest, mapper and dispatcher. */
async function examineRecordTimes(
  { admin, topics }: { readonly admin: Cluster['admin']; readonly topics: Topics },
  present: ReadonlySet<string>,
  nowMs: number,
): Promise<Finding[]> {
  const ahead: string[] = [];
  for (const { name } of [topics.segmentEvents, topics.commands, topics.deliveries]) {
    if (!present.has(name)) continue;
    const from = await admin.offsetsAt(name, nowMs + MAX_SKEW_MS);
    const isAhead = (await admin.watermarks(name)).some(
      ({ partition, highWatermark }) => (from.get(partition) ?? highWatermark) < highWatermark,
    );
    if (isAhead) ahead.push(name);
  }
  return judgeRecordTimes(ahead);
}
