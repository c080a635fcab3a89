import type { Cluster } from './cluster.ts';

/** https://kafka.apache.org/protocol.html#protocol_error_codes */
const UNKNOWN_TOPIC = 3;

/** Whether the brokers have a topic: one of this version is missing until its "topics apply" has run. */
export async function hasTopic({ inspector }: Pick<Cluster, 'inspector'>, name: string): Promise<boolean> {
  const [topic] = await inspector.describe([name]);
  return topic !== undefined && topic.errorCode !== UNKNOWN_TOPIC;
}
