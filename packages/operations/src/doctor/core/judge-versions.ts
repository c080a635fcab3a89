/** Features that the brokers support → their release, and what follows from it. Pure. */
import { formatCounted } from '../../core/quantities.ts';
import { ok, warning, type Finding } from './finding.ts';

/** The highest `metadata.version` of each release (`MetadataVersion` of Kafka's sources). */
const releases: readonly (readonly [level: number, release: string])[] = [
  [7, '3.3'],
  [8, '3.4'],
  [11, '3.5'],
  [14, '3.6'],
  [19, '3.7'],
  [20, '3.8'],
  [21, '3.9'],
  [25, '4.0'],
  [27, '4.1'],
  [29, '4.2'],
  [30, '4.3'],
  [33, '4.4'],
];

/** Releases that leave transactions open (docs/adr/0011): 4.3.0 to 4.4.0. Patch releases have no level of their own. */
const LEAVES_OPEN_FROM = 30;
const LEAVES_OPEN_TO = 33;
const SAFE_REPLICAS = 3;

export interface BrokerRelease {
  /** `host:port`. */
  readonly broker: string;
  /** Highest `metadata.version` that it supports; undefined where it did not answer. */
  readonly metadataLevel: number | undefined;
}

export function releaseOf(level: number): string {
  const release = releases.find(([highest]) => level <= highest);
  return release === undefined ? 'after 4.4' : release[1];
}

/** `leastReplicas`: the fewest of any partition. */
export function judgeVersions(brokers: readonly BrokerRelease[], leastReplicas: number): Finding[] {
  const silent = brokers.filter(({ metadataLevel }) => metadataLevel === undefined).map(({ broker }) => broker);
  const known = brokers.flatMap(({ metadataLevel }) => (metadataLevel === undefined ? [] : [metadataLevel]));
  const findings: Finding[] = [];
  if (silent.length > 0) {
    findings.push(
      warning(
        'broker versions',
        `${silent.join(', ')} did not answer`,
        'the release may lack guarantees that the mapper needs',
        'kafka-features --bootstrap-server BROKER describe; docs/adr/0011 names the releases to avoid',
      ),
    );
  }
  const names = [...new Set(known.map(releaseOf))].toSorted();
  if (names.length > 1) {
    findings.push(
      warning(
        'broker versions',
        `mixed: ${names.join(', ')}`,
        'fine during an upgrade, but not for long',
        'finish the upgrade of the brokers',
      ),
    );
  }
  const leavesOpen = known.some((level) => level >= LEAVES_OPEN_FROM && level <= LEAVES_OPEN_TO);
  if (leavesOpen && leastReplicas < SAFE_REPLICAS) {
    findings.push(
      warning(
        'broker versions',
        `Kafka ${names.join(', ')} with topics of ${formatCounted(leastReplicas, 'replica')}`,
        '4.3.0 to 4.4.0 leave transactions open when a partition briefly has no leader; the mapper then waits',
        'run Kafka 4.2 or a release after 4.4.0, or three brokers with KAFKA_REPLICATION_FACTOR=3 (docs/adr/0011)',
      ),
    );
  }
  return findings.length > 0 || names.length === 0 ? findings : [ok('broker versions', `Kafka ${names.join(', ')}`)];
}
