/**
 * What a broker says about itself before login: the ApiVersions request (KIP-511, KIP-584), version 3, over a
 * connection of its own. Kafka's protocol does not carry the broker's version; the highest `metadata.version` that it
 * supports identifies the release.
 */
import type { Socket } from 'node:net';
import type { TlsMaterial } from '@astrolabe/service-kit/tls';
import { describeTlsFault } from '@astrolabe/service-kit/tls';
import { openSocket } from '../security/socket-factory.ts';

const API_VERSIONS = 18;
const VERSION = 3;
const CORRELATION_ID = 1;
const MAX_ANSWER_BYTES = 1_000_000;
const SUPPORTED_FEATURES_TAG = 0;

export interface BrokerAddress {
  readonly host: string;
  readonly port: number;
}

/** Highest level of each feature that the broker supports, by name. Rejects where it does not answer in time. */
export async function readBrokerFeatures(
  { host, port }: BrokerAddress,
  { tls, timeoutMs }: { readonly tls: TlsMaterial | undefined; readonly timeoutMs: number },
): Promise<ReadonlyMap<string, number>> {
  const socket = openSocket({ host, port }, tls);
  try {
    socket.write(apiVersionsRequest());
    return readFeatures(await readAnswer(socket, timeoutMs));
  } finally {
    socket.destroy();
  }
}

/** Request header of version 2 and body of version 3: the client's software and its version. */
function apiVersionsRequest(): Buffer {
  const clientId = Buffer.from('astrolabe');
  const head = Buffer.alloc(4 + 2 + 2 + 4 + 2);
  head.writeInt16BE(API_VERSIONS, 4);
  head.writeInt16BE(VERSION, 6);
  head.writeInt32BE(CORRELATION_ID, 8);
  head.writeInt16BE(clientId.length, 12);
  const software = Buffer.from('astrolabe');
  const version = Buffer.from('1');
  const tail = [
    Buffer.from([0]),
    Buffer.from([software.length + 1]),
    software,
    Buffer.from([version.length + 1]),
    version,
    Buffer.from([0]),
  ];
  const request = Buffer.concat([head, clientId, ...tail]);
  request.writeInt32BE(request.length - 4, 0);
  return request;
}

/** The answer without its length. */
function readAnswer(socket: Socket, timeoutMs: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let received = Buffer.alloc(0);
    socket.setTimeout(timeoutMs, () => reject(new Error(`no answer within ${timeoutMs} ms`)));
    socket.once('error', (error: Error & { readonly code?: string }) => {
      const told = describeTlsFault(error.code, { whom: 'the broker', variables: 'KAFKA_SSL' });
      reject(told === undefined ? error : new Error(told, { cause: error }));
    });
    socket.once('close', () => reject(new Error('the connection was closed without an answer')));
    socket.on('data', (bytes: Buffer) => {
      received = Buffer.concat([received, bytes]);
      if (received.length < 4) return;
      const length = received.readInt32BE(0);
      if (length < 0 || length > MAX_ANSWER_BYTES) reject(new Error('the answer is not that of a Kafka broker'));
      else if (received.length >= 4 + length) resolve(received.subarray(4, 4 + length));
    });
  });
}

/** Response header of version 0 (the correlation id) and body of version 3. */
function readFeatures(answer: Buffer): ReadonlyMap<string, number> {
  const features = new Map<string, number>();
  const at = new Cursor(answer);
  if (at.int32() !== CORRELATION_ID) throw new Error('the answer is not that of a Kafka broker');
  // Older brokers answer in version 0 with UNSUPPORTED_VERSION: they support no features.
  if (at.int16() !== 0) return features;
  for (let apis = at.varint() - 1; apis > 0; apis -= 1) {
    at.skip(6);
    at.tags();
  }
  at.skip(4);
  for (const { tag, bytes } of at.tags()) {
    if (tag !== SUPPORTED_FEATURES_TAG) continue;
    const list = new Cursor(bytes);
    for (let left = list.varint() - 1; left > 0; left -= 1) {
      const name = list.text();
      list.skip(2);
      features.set(name, list.int16());
      list.tags();
    }
  }
  return features;
}

/** Kafka's flexible encoding: compact lengths are one more than they say, and 0 is null. */
class Cursor {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  skip(bytes: number): void {
    this.#at += bytes;
  }

  int16(): number {
    this.#at += 2;
    return this.#bytes.readInt16BE(this.#at - 2);
  }

  int32(): number {
    this.#at += 4;
    return this.#bytes.readInt32BE(this.#at - 4);
  }

  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#bytes.readUInt8(this.#at);
      this.#at += 1;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new Error('the answer of the broker cannot be read');
  }

  text(): string {
    return this.#take(this.varint() - 1).toString('utf8');
  }

  tags(): { readonly tag: number; readonly bytes: Buffer }[] {
    return Array.from({ length: this.varint() }, () => ({ tag: this.varint(), bytes: this.#take(this.varint()) }));
  }

  #take(length: number): Buffer {
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}
