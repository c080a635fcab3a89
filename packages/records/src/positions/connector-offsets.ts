/**
 * Where the groups of records that lag behind their partition stand, as text beside the committed offset: Kafka keeps
 * up to 4,096 bytes with each commit, and stores both in one step (`docs/adr/0009`). `acme=a1,beta=c0`: of acme's
 * records those from offset 361 on (base 36) may be unfinished; of all other groups everything below the committed
 * offset is finished. Before them comes the id of the topic that the offsets are of: `@=6tk2…`, which a version that
 * does not know it takes for the cursor of a group without records.
 */
import { COMMIT_MARK } from './state-position.ts';
import type { TopicId } from '../topics/topic-identity.ts';

/** By group, the first offset of it that may be unfinished. */
export type ConnectorOffsets = ReadonlyMap<string, bigint>;

export interface EncodedConnectorOffsets {
  readonly metadata: string;
  /** The lowest cursor that found no place: the committed offset must not pass it. */
  readonly heldBackTo: bigint | undefined;
}

/** The broker's `offset.metadata.max.bytes` is 4,096 by default; the topic's id takes 28 of them. */
const MAX_METADATA_BYTES = 4_000;

/** In the place of a group's name, where "@" stands as "%40". */
const TOPIC_ID_KEY = '@';
const TOPIC_ID_BYTES = 16;

/**
 * What a commit of a topic of that id keeps. The mapper's mark stays as it is: its position is a record of its own, and
 * has the id.
 */
export function withTopicId(metadata: string, topicId: TopicId): string {
  if (topicId === undefined || metadata === COMMIT_MARK) return metadata;
  const id = BigInt(`0x${Buffer.from(topicId, 'base64url').toString('hex')}`);
  const part = `${TOPIC_ID_KEY}=${id.toString(36)}`;
  return metadata === '' ? part : `${part},${metadata}`;
}

/** Parts what `withTopicId` has joined. */
export function splitTopicId(metadata: string): { readonly metadata: string; readonly topicId: TopicId } {
  const [first = '', ...rest] = metadata.split(',');
  const match = /^@=([0-9a-z]{1,25})$/.exec(first);
  if (match?.[1] === undefined) return { metadata, topicId: undefined };
  const hex = parseBase36(match[1])
    .toString(16)
    .padStart(TOPIC_ID_BYTES * 2, '0');
  return { metadata: rest.join(','), topicId: Buffer.from(hex, 'hex').toString('base64url') };
}

/**
 * In the order of `cursors`, so that a cursor keeps its place when others come. Otherwise the held-back offset could
 * move backwards.
 */
export function encodeConnectorOffsets(
  cursors: ConnectorOffsets,
  maxBytes = MAX_METADATA_BYTES,
): EncodedConnectorOffsets {
  const parts: string[] = [];
  let bytes = 0;
  let heldBackTo: bigint | undefined;
  for (const [group, offset] of cursors) {
    const part = `${encodeURIComponent(group)}=${offset.toString(36)}`;
    if (heldBackTo === undefined && bytes + part.length + 1 <= maxBytes) {
      parts.push(part);
      bytes += part.length + 1;
    } else if (heldBackTo === undefined || offset < heldBackTo) {
      heldBackTo = offset;
    }
  }
  return { metadata: parts.join(','), heldBackTo };
}

/** Undefined for text that is none of ours: another program has committed for the group. */
export function decodeConnectorOffsets(metadata: string): ConnectorOffsets | undefined {
  const cursors = new Map<string, bigint>();
  if (metadata === '') return cursors;
  for (const part of metadata.split(',')) {
    const match = /^([^=]*)=([0-9a-z]+)$/.exec(part);
    if (match === null) return undefined;
    try {
      cursors.set(decodeURIComponent(match[1] ?? ''), parseBase36(match[2] ?? ''));
    } catch {
      return undefined;
    }
  }
  return cursors;
}

function parseBase36(text: string): bigint {
  let value = 0n;
  for (const digit of text) value = value * 36n + BigInt(Number.parseInt(digit, 36));
  return value;
}
