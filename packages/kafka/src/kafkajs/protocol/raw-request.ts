/** Requests that kafkajs does not have, over its connections: log-in, TLS, time-outs and throttling are its own. */
import { createRequire } from 'node:module';
import type { ApiVersions } from './fetch-partition.ts';

const require = createRequire(import.meta.url);
const Encoder = require('kafkajs/src/protocol/encoder') as new () => { writeBuffer(bytes: Buffer): object };

export interface RawRequest {
  readonly apiKey: number;
  readonly apiName: string;
  readonly apiVersion: number;
  readonly body: Buffer;
}

/** As much of kafkajs's Broker as is used here. */
export interface RawBroker {
  readonly versions: ApiVersions | null;
  readonly connectionPool: { send(request: object): Promise<unknown> };
}

/** The answer after its correlation id, not judged. Rejects with kafkajs's connection errors and time-outs. */
export async function sendRaw(broker: RawBroker, { body, ...request }: RawRequest): Promise<Buffer> {
  const answer = await broker.connectionPool.send({
    request: { ...request, encode: () => Promise.resolve(new Encoder().writeBuffer(body)) },
    response: { decode: (bytes: Buffer) => Promise.resolve(bytes), parse: (bytes: Buffer) => Promise.resolve(bytes) },
  });
  return answer as Buffer;
}

/** The highest of `wanted` that the broker knows; undefined where it knows none. */
export function supportedVersion(broker: RawBroker, apiKey: number, wanted: readonly number[]): number | undefined {
  const known = broker.versions?.[apiKey];
  if (known === undefined) return undefined;
  return wanted
    .filter((version) => version >= known.minVersion && version <= known.maxVersion)
    .toSorted((a, b) => b - a)[0];
}
