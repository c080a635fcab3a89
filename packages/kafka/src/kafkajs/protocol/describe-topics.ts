/**
 * What a broker says of topics by name: whether each is there, its id (KIP-516) and what this user may do with it
 * (KIP-430). kafkajs asks for neither, and says nothing at all as soon as one of the topics is missing.
 * https://kafka.apache.org/protocol#The_Messages_Metadata
 */
import { createErrorFromCode } from './fetch-partition.ts';
import { sendRaw, supportedVersion, type RawBroker, type RawRequest } from './raw-request.ts';
import { WireReader, WireWriter } from './wire.ts';

export interface TopicMetadata {
  readonly name: string;
  /** 0 where it is there and this user may know of it. */
  readonly errorCode: number;
  /** As Kafka prints it: 22 characters of base64url. Undefined where the broker gives none (before Kafka 2.8). */
  readonly topicId: string | undefined;
  readonly partitions: number;
  /** Bit n: operation n of Kafka's `AclOperation` is allowed. Undefined where the broker does not say. */
  readonly allowedOperations: number | undefined;
}

const METADATA_API_KEY = 3;
/** The first with topic ids, in the flexible encoding. */
const VERSION_WITH_IDS = 10;
/** The first that tells what is allowed (Kafka 2.3). */
const VERSION_WITHOUT_IDS = 8;
const UNSUPPORTED_VERSION = 35;
/** `Integer.MIN_VALUE`: not told. */
const NOT_TOLD = -2_147_483_648;
const NIL_UUID = Buffer.alloc(16);

/** Asks once; rejects with a kafkajs error. Topics come in the broker's order. */
export async function fetchTopicMetadata(broker: RawBroker, names: readonly string[]): Promise<TopicMetadata[]> {
  const version = supportedVersion(broker, METADATA_API_KEY, [VERSION_WITH_IDS, VERSION_WITHOUT_IDS]);
  if (version === undefined) throw createErrorFromCode(UNSUPPORTED_VERSION);
  return parseMetadata(await sendRaw(broker, metadataRequest(names, version)), version);
}

export function metadataRequest(names: readonly string[], apiVersion: number): RawRequest {
  const hasIds = apiVersion >= VERSION_WITH_IDS;
  const body = new WireWriter(hasIds);
  body.array(names, (name) => {
    if (hasIds) body.noUuid();
    body.text(name).tags();
  });
  // Create no topics; nothing of the cluster's operations; those of topics.
  body.boolean(false).boolean(false).boolean(true).tags();
  return { apiKey: METADATA_API_KEY, apiName: 'Metadata', apiVersion, body: body.bytes() };
}

export function parseMetadata(answer: Buffer, apiVersion: number): TopicMetadata[] {
  const hasIds = apiVersion >= VERSION_WITH_IDS;
  const at = new WireReader(answer, hasIds);
  at.int32(); // throttled
  at.array(() => {
    at.int32();
    at.text();
    at.int32();
    at.text();
    at.tags();
  });
  at.text(); // cluster
  at.int32(); // controller
  return at.array((): TopicMetadata => {
    const errorCode = at.int16();
    const name = at.text() ?? '';
    const uuid = hasIds ? at.uuid() : NIL_UUID;
    at.boolean(); // internal
    const partitions = at.array(() => skipPartition(at)).length;
    const allowed = at.int32();
    at.tags();
    return {
      name,
      errorCode,
      topicId: uuid.equals(NIL_UUID) ? undefined : uuid.toString('base64url'),
      partitions,
      allowedOperations: allowed === NOT_TOLD ? undefined : allowed,
    };
  });
}

function skipPartition(at: WireReader): void {
  at.int16(); // error
  at.int32(); // partition
  at.int32(); // leader
  at.int32(); // epoch of the leader
  for (const _ of ['replicas', 'in sync', 'offline']) at.array(() => at.int32());
  at.tags();
}

/** Codes of `TopicMetadata.errorCode` that are told apart. https://kafka.apache.org/protocol#protocol_error_codes */
export const errorTypes = Object.freeze({ unknownTopic: 3, topicAuthorizationFailed: 29 });
