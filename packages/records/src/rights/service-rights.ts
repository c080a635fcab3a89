/**
 * What each user of the brokers needs, and nothing more: the one table from which the services check their topics,
 * `astrolabe acls` prints and checks, and docs/security.md is made. Kafka's Read, Write and Alter include Describe. No
 * I/O.
 */
import { topicsFor, type TopicRole } from '../topics/topics.ts';

export const rightsHolders = ['ingest', 'mapper', 'dispatcher', 'operator', 'console', 'setup'] as const;
export type RightsHolder = (typeof rightsHolders)[number];

/** As `kafka-acls.sh --operation` takes them. */
export type RightOperation = 'Read' | 'Write' | 'Create' | 'Describe' | 'Alter' | 'DescribeConfigs' | 'AlterConfigs';

export type RightResource = 'topic' | 'group' | 'transactional-id' | 'cluster';

export interface Right {
  readonly resourceType: RightResource;
  /** `kafka-cluster` for the cluster. */
  readonly name: string;
  /** `prefixed`: every resource whose name begins with it. */
  readonly pattern: 'literal' | 'prefixed';
  readonly operations: readonly RightOperation[];
  /** What it is for, completing "to ...". */
  readonly purpose: string;
}

/** Who has rights. `principal` is `User:NAME`. */
export interface GrantedRights {
  readonly principal: string;
  readonly rights: readonly Right[];
}

export interface RightsOptions {
  /** KAFKA_TOPIC_PREFIX: before the name of each topic, group and transactional id. */
  readonly prefix?: string;
  /** Without the prefix. */
  readonly mapperGroupId?: string;
  readonly dispatcherGroupId?: string;
}

export const DEFAULT_MAPPER_GROUP = 'astrolabe.mapper';
export const DEFAULT_DISPATCHER_GROUP = 'astrolabe.dispatcher';

/** Name that Kafka gives to the one resource of the type cluster. */
export const CLUSTER_RESOURCE = 'kafka-cluster';

/** Without `prefix`. */
interface TopicRight {
  readonly topic: TopicRole;
  readonly operations: readonly RightOperation[];
  readonly purpose: string;
}

const topicRights: Readonly<Record<'ingest' | 'mapper' | 'dispatcher', readonly TopicRight[]>> = {
  ingest: [
    { topic: 'segmentEvents', operations: ['Write'], purpose: 'store events' },
    { topic: 'segmentEventsDeadLetters', operations: ['Write'], purpose: 'store events that cannot be used' },
  ],
  mapper: [
    { topic: 'segmentEvents', operations: ['Read'], purpose: 'read events, live and replayed' },
    { topic: 'segmentEventsDeadLetters', operations: ['Write'], purpose: 'store events that cannot be mapped' },
    { topic: 'commands', operations: ['Write'], purpose: 'store commands' },
    { topic: 'mapperState', operations: ['Read', 'Write'], purpose: 'keep state and position' },
    { topic: 'replayedCommands', operations: ['Write'], purpose: 'store commands of replayed events' },
    { topic: 'replays', operations: ['Read', 'Write'], purpose: 'follow replays, and tell how far they are' },
  ],
  dispatcher: [
    { topic: 'commands', operations: ['Read'], purpose: 'read commands, live and replayed' },
    { topic: 'commandsDeadLetters', operations: ['Write'], purpose: 'store commands that cannot be delivered' },
    { topic: 'deliveries', operations: ['Read', 'Write'], purpose: 'keep the delivery ledger' },
    { topic: 'replayedCommands', operations: ['Read'], purpose: 'read commands of replayed events' },
    { topic: 'replays', operations: ['Read', 'Write'], purpose: 'follow replays, and tell how far they are' },
  ],
};

/** Written by redrives, backfills, orders of replays and the record of all of them. Every topic is read. */
const writtenByOperator: Readonly<Partial<Record<TopicRole, string>>> = {
  segmentEvents: 'look at it, redrive, backfill',
  commands: 'look at it, redrive',
  redrives: 'note what was redriven or dismissed',
  replays: 'order replays, and see how far they are',
  audit: 'record what was done, and look at it',
};

/** The console backfills nothing. */
const writtenByConsole: typeof writtenByOperator = { ...writtenByOperator, segmentEvents: 'look at it, redrive' };

const literal = (resourceType: RightResource, name: string) => ({ resourceType, name, pattern: 'literal' }) as const;

export function rightsFor({
  prefix = '',
  mapperGroupId = DEFAULT_MAPPER_GROUP,
  dispatcherGroupId = DEFAULT_DISPATCHER_GROUP,
}: RightsOptions = {}): Readonly<Record<RightsHolder, readonly Right[]>> {
  const topics = topicsFor(prefix);
  const roles = Object.keys(topics) as TopicRole[];
  const groups = { mapper: prefix + mapperGroupId, dispatcher: prefix + dispatcherGroupId };
  const mapperIds = { resourceType: 'transactional-id', name: `${groups.mapper}-`, pattern: 'prefixed' } as const;
  const ofTopics = (holder: keyof typeof topicRights): Right[] =>
    topicRights[holder].map(({ topic, ...right }) => ({ ...literal('topic', topics[topic].name), ...right }));
  /** What everybody needs who operates the pipeline, with whatever program. */
  const ofOperations = (written: typeof writtenByOperator): Right[] => [
    ...roles.map((role): Right => {
      const purpose = written[role];
      return {
        ...literal('topic', topics[role].name),
        operations: purpose === undefined ? ['Read', 'DescribeConfigs'] : ['Read', 'Write', 'DescribeConfigs'],
        purpose: purpose ?? 'look at it',
      };
    }),
    ...Object.values(groups).map((group): Right => ({
      ...literal('group', group),
      operations: ['Describe'],
      purpose: 'tell its lag',
    })),
    { ...mapperIds, operations: ['Describe'], purpose: 'name who holds a transaction open' },
    ...['redrive', 'replays'].map((id): Right => ({
      ...literal('transactional-id', `${prefix}astrolabe.${id}`),
      operations: ['Write'],
      purpose: id === 'redrive' ? 'redrive and dismiss in one transaction' : 'order replays in one transaction',
    })),
  ];
  return {
    ingest: ofTopics('ingest'),
    mapper: [
      ...ofTopics('mapper'),
      { ...literal('group', groups.mapper), operations: ['Read'], purpose: 'share the partitions of the events' },
      { ...mapperIds, operations: ['Write'], purpose: 'write commands, state and position in one transaction' },
    ],
    dispatcher: [
      ...ofTopics('dispatcher'),
      { ...literal('group', groups.dispatcher), operations: ['Read'], purpose: 'share the partitions of the commands' },
    ],
    operator: [
      ...ofOperations(writtenByOperator),
      {
        ...literal('cluster', CLUSTER_RESOURCE),
        operations: ['Describe'],
        purpose: 'compare the rights (astrolabe acls check)',
      },
    ],
    console: ofOperations(writtenByConsole),
    setup: roles.map((role): Right => ({
      ...literal('topic', topics[role].name),
      // Alter includes Describe, and AlterConfigs DescribeConfigs.
      operations: ['Create', 'Alter', 'AlterConfigs', ...(role === 'audit' ? ['Write' as const] : [])],
      purpose:
        role === 'audit'
          ? 'create it, keep its settings, and record that this was done'
          : 'create it and keep its settings (astrolabe topics apply)',
    })),
  };
}

/** Topics that a service cannot do without, and what it does with them. */
export function topicNeedsOf(
  rights: readonly Right[],
): { readonly name: string; readonly operations: readonly ('Read' | 'Write' | 'Describe')[] }[] {
  return rights
    .filter(({ resourceType }) => resourceType === 'topic')
    .map(({ name, operations }) => ({ name, operations: operations.filter(isNeed) }));
}

function isNeed(operation: RightOperation): operation is 'Read' | 'Write' | 'Describe' {
  return operation === 'Read' || operation === 'Write' || operation === 'Describe';
}
