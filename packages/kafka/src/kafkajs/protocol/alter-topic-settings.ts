/**
 * Sets single settings of topics: IncrementalAlterConfigs (KIP-339, Kafka 2.3). kafkajs has only AlterConfigs, which
 * resets every setting that it is not given, one that somebody made a moment ago included.
 * https://kafka.apache.org/protocol#The_Messages_IncrementalAlterConfigs
 */
import { createErrorFromCode } from './fetch-partition.ts';
import { sendRaw, supportedVersion, type RawBroker, type RawRequest } from './raw-request.ts';
import { WireReader, WireWriter } from './wire.ts';

export interface TopicSettings {
  readonly name: string;
  readonly settings: Readonly<Record<string, string>>;
}

const INCREMENTAL_ALTER_CONFIGS = 44;
const VERSION = 0;
const UNSUPPORTED_VERSION = 35;
const TOPIC = 2;
const SET = 0;

/**
 * Asks the controller once, or a broker that hands the request on to it; rejects with a kafkajs error that has the
 * broker's message. A topic that is refused does not keep the others from being set.
 */
export async function alterTopicSettings(broker: RawBroker, topics: readonly TopicSettings[]): Promise<void> {
  if (supportedVersion(broker, INCREMENTAL_ALTER_CONFIGS, [VERSION]) === undefined) {
    throw createErrorFromCode(UNSUPPORTED_VERSION);
  }
  assertAltered(await sendRaw(broker, alterRequest(topics)));
}

export function alterRequest(topics: readonly TopicSettings[]): RawRequest {
  const body = new WireWriter(false);
  body.array(topics, ({ name, settings }) => {
    body.byte(TOPIC).text(name);
    body.array(Object.entries(settings), ([setting, value]) => body.text(setting).byte(SET).text(value));
  });
  // Not only to see whether it would be done.
  body.boolean(false);
  return {
    apiKey: INCREMENTAL_ALTER_CONFIGS,
    apiName: 'IncrementalAlterConfigs',
    apiVersion: VERSION,
    body: body.bytes(),
  };
}

export function assertAltered(answer: Buffer): void {
  const at = new WireReader(answer, false);
  at.int32(); // throttled
  at.array(() => {
    const errorCode = at.int16();
    const message = at.text();
    at.int8(); // kind of resource
    const name = at.text() ?? '';
    if (errorCode === 0) return;
    const error = createErrorFromCode(errorCode);
    error.message = `${name}: ${message ?? error.message}`;
    throw error;
  });
}
