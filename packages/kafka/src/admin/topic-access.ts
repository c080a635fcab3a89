/** What a service needs of its topics, what the cluster says of them, and what follows. No I/O. */
import { PipelineError } from '@astrolabe/service-kit/errors';
import { errorTypes, type TopicMetadata } from '../kafkajs/protocol/describe-topics.ts';

export type TopicOperation = 'Read' | 'Write' | 'Describe' | 'Alter' | 'DescribeConfigs' | 'AlterConfigs';

/** Operations on a topic that a service cannot do without. */
export interface TopicNeed {
  readonly name: string;
  readonly operations: readonly TopicOperation[];
}

/** Numbers of Kafka's `AclOperation`. */
const operationBits: Readonly<Record<TopicOperation, number>> = {
  Read: 3,
  Write: 4,
  Alter: 7,
  Describe: 8,
  DescribeConfigs: 10,
  AlterConfigs: 11,
};

/**
 * Undefined where every topic is there and every operation allowed. Otherwise `kafka.unauthorized` for what is
 * forbidden, else `kafka.topic-missing` for what is not there; both are retryable, since somebody may grant or create
 * it meanwhile.
 */
export function topicFault(
  needs: readonly TopicNeed[],
  found: readonly TopicMetadata[],
  principal: string,
): PipelineError | undefined {
  const denied = accessFault(needs, found, principal);
  if (denied !== undefined) return denied;
  const present = presentTopics(found);
  const missing = needs.map(({ name }) => name).filter((name) => !present.has(name));
  if (missing.length === 0) return undefined;
  const message = `topics are missing: ${missing.join(', ')}; create them with "astrolabe topics apply"`;
  return new PipelineError('kafka.topic-missing', message, { retryable: true, details: { missing } });
}

/** As `topicFault`, of what is forbidden only. */
export function accessFault(
  needs: readonly TopicNeed[],
  found: readonly TopicMetadata[],
  principal: string,
): PipelineError | undefined {
  const byName = new Map(found.map((topic) => [topic.name, topic]));
  const denied = needs.flatMap(({ name, operations }) => {
    const topic = byName.get(name);
    if (topic === undefined || topic.errorCode === errorTypes.unknownTopic) return [];
    // Without Describe a broker does not even say whether it is there.
    const isHidden = topic.errorCode === errorTypes.topicAuthorizationFailed;
    return operations
      .filter((operation) => isHidden || !isAllowed(topic, operation))
      .map((operation): DeniedAccess => ({ operation, resourceType: 'topic', resource: name }));
  });
  return denied.length === 0 ? undefined : unauthorized(principal, denied);
}

/** Names of those that are there, and that this user may know of. */
export function presentTopics(found: readonly TopicMetadata[]): ReadonlySet<string> {
  const hidden: readonly number[] = [errorTypes.unknownTopic, errorTypes.topicAuthorizationFailed];
  return new Set(found.filter(({ errorCode }) => !hidden.includes(errorCode)).map(({ name }) => name));
}

function isAllowed({ allowedOperations }: TopicMetadata, operation: TopicOperation): boolean {
  return allowedOperations === undefined || (allowedOperations & (1 << operationBits[operation])) !== 0;
}

export type ResourceType = 'topic' | 'group' | 'transactional-id' | 'cluster';

/** A right that the principal lacks. */
export interface DeniedAccess {
  /** As `kafka-acls.sh --operation` takes it. */
  readonly operation: string;
  readonly resourceType: ResourceType;
  /** The name of the topic, group or transactional id. */
  readonly resource: string;
}

const resourceNames: Readonly<Record<ResourceType, string>> = {
  topic: 'topic',
  group: 'consumer group',
  'transactional-id': 'transactional id',
  cluster: 'cluster',
};

/** `kafka.unauthorized`: who lacks which right on what, and the command that grants the first of them. Retryable. */
export function unauthorized(principal: string, denied: readonly DeniedAccess[], cause?: unknown): PipelineError {
  const rights = denied.map(({ operation, resourceType, resource }) => {
    const name = resourceType === 'cluster' ? '' : ` ${resource}`;
    return `${operation} on ${resourceNames[resourceType]}${name}`;
  });
  const [first] = denied;
  const grant = first === undefined ? '' : `; grant it: ${grantLine(principal, first)}`;
  return new PipelineError('kafka.unauthorized', `${principal} lacks ${rights.join(', ')}${grant}`, {
    retryable: true,
    cause,
    details: { principal, denied },
  });
}

function grantLine(principal: string, { operation, resourceType, resource }: DeniedAccess): string {
  const on = resourceType === 'cluster' ? '--cluster' : `--${resourceType} ${resource}`;
  return `kafka-acls.sh --bootstrap-server BROKER --add --allow-principal ${principal} --operation ${operation} ${on}`;
}
