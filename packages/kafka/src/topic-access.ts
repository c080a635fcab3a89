/** What a service needs of its topics, what the cluster says of them, and what follows. No I/O. */
import { PipelineError } from '@astrolabe/service-kit';
import { errorTypes, type TopicMetadata } from './kafkajs/describe-topics.ts';

export type TopicOperation = 'Read' | 'Write';

/** Operations on a topic that a service cannot do without. */
export interface TopicNeed {
  readonly name: string;
  readonly operations: readonly TopicOperation[];
}

/** Numbers of Kafka's `AclOperation`. */
const operationBits: Readonly<Record<TopicOperation, number>> = { Read: 3, Write: 4 };

/**
 * Undefined where every topic is there and every operation allowed. Otherwise `kafka.unauthorized` for what is forbidden, else
 * `kafka.topic-missing` for what is not there; both are retryable, since somebody may grant or create it meanwhile.
 */
export function topicFault(
  needs: readonly TopicNeed[],
  found: readonly TopicMetadata[],
  principal: string,
): PipelineError | undefined {
  const byName = new Map(found.map((topic) => [topic.name, topic]));
  const denied: DeniedAccess[] = [];
  const missing: string[] = [];
  for (const { name, operations } of needs) {
    const topic = byName.get(name);
    if (topic?.errorCode === errorTypes.topicAuthorizationFailed) {
      // Without Describe a broker does not even say whether it is there.
      for (const operation of operations) denied.push({ operation, resourceType: 'topic', resource: name });
    } else if (topic === undefined || topic.errorCode === errorTypes.unknownTopic) {
      missing.push(name);
    } else {
      for (const operation of operations) {
        if (isAllowed(topic, operation)) continue;
        denied.push({ operation, resourceType: 'topic', resource: name });
      }
    }
  }
  if (denied.length > 0) return unauthorized(principal, denied);
  if (missing.length === 0) return undefined;
  const message = `topics are missing: ${missing.join(', ')}; create them with "astrolabe topics apply"`;
  return new PipelineError('kafka.topic-missing', message, { retryable: true, details: { missing } });
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
  const grant = first === undefined ? '' : `; grant it: ${aclCommand(principal, first)}`;
  return new PipelineError('kafka.unauthorized', `${principal} lacks ${rights.join(', ')}${grant}`, {
    retryable: true,
    cause,
    details: { principal, denied },
  });
}

function aclCommand(principal: string, { operation, resourceType, resource }: DeniedAccess): string {
  const on = resourceType === 'cluster' ? '--cluster' : `--${resourceType} ${resource}`;
  return `kafka-acls.sh --bootstrap-server BROKER --add --allow-principal ${principal} --operation ${operation} ${on}`;
}
