/** Facts about the cluster → findings. Pure. */
import type { ClusterDescription, TopicDescription } from '@astrolabe/kafka';
import type { TopicDefinition } from '@astrolabe/records';
import { formatDuration } from '../core/durations.ts';
import { ok, problem, warning, type Finding } from './finding.ts';

export function judgeBrokers({ brokers, controllerId }: ClusterDescription): Finding[] {
  const names = brokers.map(({ host, port }) => `${host}:${port}`).join(', ');
  if (controllerId === undefined) {
    return [
      problem(
        'brokers',
        `${names}; no controller`,
        'topics cannot be created and leaders not elected',
        "look at the controllers' logs",
      ),
    ];
  }
  if (brokers.length < 3) {
    return [
      warning(
        'brokers',
        `${brokers.length} (${names})`,
        'when one is lost, so are its records, or no writes are taken; for production three are needed',
        'add brokers, then run "astrolabe topics apply" with KAFKA_REPLICATION_FACTOR=3',
      ),
    ];
  }
  return [ok('brokers', `${brokers.length} (${names})`)];
}

export function judgeTopic(declared: TopicDefinition, found: TopicDescription | undefined, brokers: number): Finding[] {
  const about = `topic ${declared.name}`;
  if (found === undefined) {
    return [problem(about, 'is missing', 'services wait for it and take nothing', 'astrolabe topics apply --execute')];
  }
  const findings: Finding[] = [];
  const { partitions, config } = found;
  const leaderless = partitions.filter(({ leader }) => leader === undefined).map(({ partition }) => partition);
  if (leaderless.length > 0) {
    findings.push(
      problem(
        about,
        `partitions ${leaderless.join(', ')} have no leader`,
        'their keys are neither written nor read',
        'bring their brokers back',
      ),
    );
  }
  const behind = partitions.filter(({ replicas, inSyncReplicas }) => inSyncReplicas < replicas);
  if (behind.length > 0) {
    findings.push(
      warning(
        about,
        `${behind.length} of ${partitions.length} partitions have replicas that are out of sync`,
        'another broker less, and writes may be refused',
        "look at the brokers that are away, then at the network's load",
      ),
    );
  }
  const replicas = Math.min(...partitions.map((partition) => partition.replicas));
  const minInSync = Number(config['min.insync.replicas'] ?? '1');
  if (replicas >= 3 && minInSync < 2) {
    findings.push(
      problem(
        about,
        `min.insync.replicas is ${minInSync} with ${replicas} replicas`,
        'a write counts as stored while one broker alone has it',
        'astrolabe topics apply --execute',
      ),
    );
  }
  if (replicas < 3 && brokers >= 3) {
    findings.push(
      warning(
        about,
        `${replicas} replicas on ${brokers} brokers`,
        'the loss of a broker may lose records',
        'kafka-reassign-partitions',
      ),
    );
  }
  findings.push(...judgeRetention(about, declared, config));
  if (findings.length > 0) return findings;
  return [ok(about, `${partitions.length} partitions, ${replicas} replicas, kept ${kept(config)}`)];
}

/** Topics that hold something for each partition of another, under its number. */
const companions = [
  [
    'segmentEventsDeadLetters',
    'segmentEvents',
    'an event of the partitions beyond that must be a dead letter holds up its partition',
  ],
  ['mapperState', 'segmentEvents', 'the mapper does not take the partitions beyond'],
  [
    'commandsDeadLetters',
    'commands',
    'a command of the partitions beyond that must be a dead letter holds up its partition',
  ],
  ['deliveries', 'commands', 'the dispatcher does not take the partitions beyond'],
] as const;

export function judgeCompanions(
  topics: Readonly<Record<(typeof companions)[number][0 | 1], TopicDescription | undefined>>,
): Finding[] {
  return companions.flatMap(([role, source, meaning]) => {
    const [own, other] = [topics[role], topics[source]];
    if (own === undefined || other === undefined || own.partitions.length >= other.partitions.length) return [];
    const wanted = other.partitions.length;
    return [
      problem(
        `topic ${own.name}`,
        `${own.partitions.length} partitions, and ${other.name} has ${wanted}`,
        meaning,
        `kafka-topics --alter --topic ${own.name} --partitions ${wanted}`,
      ),
    ];
  });
}

function judgeRetention(about: string, declared: TopicDefinition, config: TopicDescription['config']): Finding[] {
  const policy = config['cleanup.policy'] ?? 'delete';
  if (policy !== declared.cleanupPolicy) {
    const meaning =
      declared.cleanupPolicy === 'compact'
        ? 'state that is older than the retention is lost'
        : 'older records of a key vanish';
    return [
      problem(
        about,
        `cleanup.policy is ${policy}, ${declared.cleanupPolicy} is declared`,
        meaning,
        'astrolabe topics apply --execute',
      ),
    ];
  }
  const retentionMs = Number(config['retention.ms'] ?? '-1');
  if (declared.retentionMs === undefined || retentionMs === -1 || retentionMs >= declared.retentionMs) return [];
  return [
    problem(
      about,
      `is kept ${formatDuration(retentionMs)}, ${formatDuration(declared.retentionMs)} are declared`,
      'what is not read by then is gone, and replay reaches back no further',
      'astrolabe topics apply --execute',
    ),
  ];
}

function kept(config: TopicDescription['config']): string {
  if (config['cleanup.policy'] === 'compact') return 'compacted';
  const retentionMs = Number(config['retention.ms'] ?? '-1');
  return retentionMs < 0 ? 'for ever' : formatDuration(retentionMs);
}

/** Beyond this, times of events are corrected wrongly and replays by time begin at the wrong place. */
export const MAX_SKEW_MS = 5_000;

export function judgeClock(skewMs: number, against: string): Finding[] {
  const apart = formatDuration(Math.abs(skewMs));
  if (Math.abs(skewMs) <= MAX_SKEW_MS) return [ok('clock', `within ${formatDuration(MAX_SKEW_MS)} of ${against}`)];
  return [
    problem(
      'clock',
      `is ${apart} ${skewMs > 0 ? 'ahead of' : 'behind'} ${against}`,
      'events get wrong times, and freshness and lag are wrong by as much',
      'timedatectl status; then set NTP up',
    ),
  ];
}

/** `aheadTopics`: those with records from the future. */
export function judgeRecordTimes(aheadTopics: readonly string[]): Finding[] {
  if (aheadTopics.length === 0) {
    return [ok('clock', `no record is more than ${formatDuration(MAX_SKEW_MS)} ahead of this machine`)];
  }
  return [
    problem(
      'clock',
      `records on ${aheadTopics.join(', ')} are more than ${formatDuration(MAX_SKEW_MS)} ahead of this machine`,
      'the clock here or where they were written is wrong; replays by time begin at the wrong place',
      'timedatectl status, here and where ingest, mapper and dispatcher run',
    ),
  ];
}

/** Of the topics that the services read; undefined where the brokers give none. */
export function judgeTopicIds(topicIds: readonly (string | undefined)[]): Finding[] {
  if (topicIds.every((topicId) => topicId !== undefined)) return [];
  return [
    warning(
      'topic ids',
      'the brokers give none',
      'a topic that is deleted and created again cannot be told from the one before: records may be skipped',
      'run Kafka 2.8 or newer; until then, reset the offsets of both groups when a topic is created again',
    ),
  ];
}

const LOW_SHARE = 0.1;

export function judgeDisk(path: string, freeBytes: number, totalBytes: number): Finding[] {
  const share = totalBytes === 0 ? 1 : freeBytes / totalBytes;
  const fact = `${Math.round(share * 100)} % free at ${path}`;
  if (share >= LOW_SHARE) return [ok('disk', fact)];
  return [warning('disk', fact, 'state, exports and logs may not be written', `du -xh ${path} | sort -h | tail`)];
}
