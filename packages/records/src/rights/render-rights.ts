/** Rights as what brokers are given: commands of `kafka-acls.sh`, or users of Strimzi. No I/O. */
import type { GrantedRights, Right } from './service-rights.ts';

/** How `kafka-acls.sh` gets to the brokers. */
export interface AclsConnection {
  /** `host:port`. Default: `BROKER`, for the reader to fill in. */
  readonly bootstrapServer?: string | undefined;
  /** A file of Kafka's settings for clients, with the login of somebody who may alter the cluster. Default: none. */
  readonly commandConfig?: string | undefined;
}

/** A command for each right, to be run with a user that may alter the cluster. */
export function toKafkaAcls({ principal, rights }: GrantedRights, connection: AclsConnection = {}): string[] {
  return rights.map((right) => kafkaAclsLine('--add', principal, right, connection));
}

export function kafkaAclsLine(
  action: '--add' | '--remove',
  principal: string,
  right: Right,
  { bootstrapServer = 'BROKER', commandConfig }: AclsConnection = {},
): string {
  const { resourceType, name, pattern, operations } = right;
  const on = resourceType === 'cluster' ? '--cluster' : `--${resourceType} ${quoted(name)}`;
  const prefixed = pattern === 'prefixed' ? ' --resource-pattern-type prefixed' : '';
  const what = operations.map((operation) => `--operation ${operation}`).join(' ');
  const login = commandConfig === undefined ? '' : ` --command-config ${quoted(commandConfig)}`;
  const brokers = `--bootstrap-server ${quoted(bootstrapServer)}${login}`;
  return `kafka-acls.sh ${brokers} ${action} --allow-principal ${quoted(principal)} ${what} ${on}${prefixed}`;
}

/** For a shell. */
function quoted(text: string): string {
  return /^[A-Za-z0-9._:@/-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

const strimziTypes = {
  topic: 'topic',
  group: 'group',
  'transactional-id': 'transactionalId',
  cluster: 'cluster',
} as const;

export interface StrimziOptions {
  /** Of the `KafkaUser`, which becomes the name of its principal. */
  readonly name: string;
  /** Of the `Kafka` that it is a user of. */
  readonly cluster: string;
  readonly authentication: 'scram-sha-512' | 'tls' | 'tls-external';
}

/** One document of YAML: a `KafkaUser` with simple authorization. */
export function toKafkaUser(rights: readonly Right[], { name, cluster, authentication }: StrimziOptions): string {
  return [
    'apiVersion: kafka.strimzi.io/v1beta2',
    'kind: KafkaUser',
    'metadata:',
    `  name: ${text(name)}`,
    '  labels:',
    `    strimzi.io/cluster: ${text(cluster)}`,
    'spec:',
    '  authentication:',
    `    type: ${authentication}`,
    '  authorization:',
    '    type: simple',
    '    acls:',
    ...rights.flatMap(toStrimziAcl),
  ].join('\n');
}

function toStrimziAcl({ resourceType, name, pattern, operations, purpose }: Right): string[] {
  const resource =
    resourceType === 'cluster'
      ? ['          type: cluster']
      : [
          `          type: ${strimziTypes[resourceType]}`,
          `          name: ${text(name)}`,
          `          patternType: ${pattern === 'prefixed' ? 'prefix' : 'literal'}`,
        ];
  return [`      # to ${purpose}`, '      - resource:', ...resource, `        operations: [${operations.join(', ')}]`];
}

/** A string of YAML: JSON's are, so nothing in a name can be mistaken for syntax. */
function text(value: string): string {
  return JSON.stringify(value);
}
