/** Users of SCRAM-SHA-512 at a broker, which kafkajs cannot set (KIP-554). https://kafka.apache.org/protocol */
import assert from 'node:assert/strict';
import { pbkdf2Sync, randomBytes } from 'node:crypto';
import type { KafkaConnection } from '@astrolabe/kafka';
import { clientOf } from '../../packages/kafka/src/connection.ts';
import { abandonCluster, createCluster } from '../../packages/kafka/src/kafkajs/protocol/fetch-partition.ts';
import { sendRaw, type RawBroker } from '../../packages/kafka/src/kafkajs/protocol/raw-request.ts';

const ALTER_USER_SCRAM_CREDENTIALS = 51;
const SCRAM_SHA_512 = 2;
const ITERATIONS = 4_096;
const NO_TAGS = Buffer.from([0]);

/** Sets passwords by user name. A connection that has logged in keeps its session. */
export async function setPasswords(
  connection: KafkaConnection,
  passwords: Readonly<Record<string, string>>,
): Promise<void> {
  const cluster = createCluster(clientOf(connection));
  try {
    await cluster.connect();
    const broker = cluster.brokerPool.seedBroker as unknown as RawBroker;
    const credentials = Object.entries(passwords).map(([name, password]) => encodeCredential(name, password));
    const body = Buffer.concat([NO_TAGS, compactArray([]), compactArray(credentials), NO_TAGS]);
    const answer = await sendRaw(broker, {
      apiKey: ALTER_USER_SCRAM_CREDENTIALS,
      apiName: 'AlterUserScramCredentials',
      apiVersion: 0,
      body,
    });
    for (const [name] of Object.entries(passwords)) {
      const at = answer.indexOf(name);
      assert.ok(at >= 0 && answer.readInt16BE(at + name.length) === 0, `no password was set for ${name}`);
    }
  } finally {
    abandonCluster(cluster);
  }
}

function encodeCredential(name: string, password: string): Buffer {
  const salt = randomBytes(16);
  const salted = pbkdf2Sync(password, salt, ITERATIONS, 64, 'sha512');
  const iterations = Buffer.alloc(4);
  iterations.writeInt32BE(ITERATIONS);
  const mechanism = Buffer.from([SCRAM_SHA_512]);
  return Buffer.concat([compact(Buffer.from(name)), mechanism, iterations, compact(salt), compact(salted), NO_TAGS]);
}

/** One byte for the length: all of these are short. */
function compact(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([bytes.length + 1]), bytes]);
}

function compactArray(items: readonly Buffer[]): Buffer {
  return Buffer.concat([Buffer.from([items.length + 1]), ...items]);
}
