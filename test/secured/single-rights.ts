/** The rights of the table one by one: what can be taken away, and what is said then. */
import { rightsFor, toKafkaAcls, type Right, type RightsHolder } from '@astrolabe/records';
import { parsePrintedAcls, type AclEntry } from './access-rules.ts';

type Operation = Right['operations'][number];

/** One operation of a right. */
export interface SingleRight {
  readonly right: Right;
  readonly operation: Operation;
  readonly acl: readonly AclEntry[];
  /** As the holder says it. */
  readonly told: RegExp;
}

const names = { topic: 'topic', group: 'consumer group', 'transactional-id': 'transactional id', cluster: 'cluster' };

/** Of the user with the holder's name, on topics with the prefix. */
export function singlesOf(holder: RightsHolder, prefix = ''): SingleRight[] {
  return rightsFor({ prefix })[holder].flatMap((right) =>
    right.operations.map((operation) => singleOf(holder, right, operation)),
  );
}

/** Whether or not the right has this operation in the table. */
export function singleOf(holder: RightsHolder, right: Right, operation: Operation): SingleRight {
  const principal = `User:${holder}`;
  const [line = ''] = toKafkaAcls({ principal, rights: [{ ...right, operations: [operation] }] });
  const { resourceType, name, pattern } = right;
  // Of a transactional id the service has one of its own, which begins with what is granted.
  const rest = pattern === 'prefixed' ? '[0-9a-f-]{36}-0' : '';
  const resource = resourceType === 'cluster' ? '' : ` ${name.replaceAll('.', '\\.')}${rest}`;
  return {
    right,
    operation,
    acl: parsePrintedAcls(line),
    told: new RegExp(`${principal} lacks ${operation} on ${names[resourceType]}${resource}(?![\\w.-])`),
  };
}
