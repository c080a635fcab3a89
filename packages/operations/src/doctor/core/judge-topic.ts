/** One topic, and topics that belong together, as they are → findings. Pure. */
import type { TopicDescription } from '@astrolabe/kafka';
import type { TopicDefinition } from '@astrolabe/records';
import { formatCounted, formatDuration } from '../../core/quantities.ts';
import { ok, problem, warning, type Finding } from './finding.ts';

const APPLY = 'astrolabe topics apply --execute';

export function judgeTopic(declared: TopicDefinition, found: TopicDescription | undefined, brokers: number): Finding[] {
  const about = `topic ${declared.name}`;
  if (found === undefined) {
    return [problem(about, 'is missing', 'services wait for it and process nothing', APPLY)];
  }
  const findings = [...judgePartitions(about, found), ...judgeReplication(about, found, brokers)];
  findings.push(...judgeRetention(about, declared, found.config));
  if (findings.length > 0) return findings;
  const { partitions, config } = found;
  const kept = `${formatCounted(partitions.length, 'partition')}, ${formatCounted(replicasOf(found), 'replica')}`;
  return [ok(about, `${kept}, ${retention(config)}`)];
}

function judgePartitions(about: string, { partitions }: TopicDescription): Finding[] {
  const findings: Finding[] = [];
  const leaderless = partitions.filter(({ leader }) => leader === undefined).map(({ partition }) => partition);
  if (leaderless.length > 0) {
    findings.push(
      problem(
        about,
        `partitions ${leaderless.join(', ')} have no leader`,
        'they can be neither written nor read',
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
        'losing one more broker may make writes fail',
        'check the brokers that are down, then the load of the network',
      ),
    );
  }
  return findings;
}

function judgeReplication(about: string, found: TopicDescription, brokers: number): Finding[] {
  const replicas = replicasOf(found);
  const minInSync = Number(found.config['min.insync.replicas'] ?? '1');
  if (replicas >= 3 && minInSync < 2) {
    return [
      problem(
        about,
        `min.insync.replicas is ${minInSync} with ${replicas} replicas`,
        'a write counts as stored while only one broker has it',
        APPLY,
      ),
    ];
  }
  if (replicas >= 3 || brokers < 3) return [];
  return [
    warning(
      about,
      `${formatCounted(replicas, 'replica')} on ${brokers} brokers`,
      'losing a broker may lose records',
      'kafka-reassign-partitions',
    ),
  ];
}

function replicasOf({ partitions }: TopicDescription): number {
  return Math.min(...partitions.map(({ replicas }) => replicas));
}

/** Topics that hold something for each partition of another, under its number. */
const companions = [
  [
    'segmentEventsDeadLetters',
    'segmentEvents',
    'events on the extra partitions cannot be dead-lettered and will block them',
  ],
  ['mapperState', 'segmentEvents', 'the mapper does not process the extra partitions'],
  ['commandsDeadLetters', 'commands', 'commands on the extra partitions cannot be dead-lettered and will block them'],
  ['replayedCommands', 'commands', 'replays do not reach the extra partitions'],
  ['deliveries', 'commands', 'the dispatcher does not process the extra partitions'],
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
        `has ${formatCounted(own.partitions.length, 'partition')}, but ${other.name} has ${wanted}`,
        meaning,
        `kafka-topics.sh --bootstrap-server BROKER --alter --topic ${own.name} --partitions ${wanted}`,
      ),
    ];
  });
}

function judgeRetention(about: string, declared: TopicDefinition, config: TopicDescription['config']): Finding[] {
  const policy = config['cleanup.policy'] ?? 'delete';
  if (policy !== declared.cleanupPolicy) {
    const meaning =
      declared.cleanupPolicy === 'compact'
        ? 'state older than the retention is lost'
        : 'older records of a key are removed';
    return [problem(about, `cleanup.policy is ${policy}, should be ${declared.cleanupPolicy}`, meaning, APPLY)];
  }
  const retentionMs = Number(config['retention.ms'] ?? '-1');
  if (declared.retentionMs === undefined || retentionMs === -1 || retentionMs >= declared.retentionMs) return [];
  return [
    problem(
      about,
      `retention is ${formatDuration(retentionMs)}, should be ${formatDuration(declared.retentionMs)}`,
      'records that are not read by then are lost, and a replay reaches no further back',
      APPLY,
    ),
  ];
}

function retention(config: TopicDescription['config']): string {
  if (config['cleanup.policy'] === 'compact') return 'compacted';
  const retentionMs = Number(config['retention.ms'] ?? '-1');
  return `retention ${retentionMs < 0 ? 'unlimited' : formatDuration(retentionMs)}`;
}
