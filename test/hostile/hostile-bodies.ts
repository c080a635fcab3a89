/**
 * Requests that are made to cost: drawn from a random number, some without a key, some under a key that anybody can
 * read in a web page.
 */
import { gzipSync } from 'node:zlib';
import { basic } from './http-client.ts';
import { mutate } from './mutate.ts';

export interface HostileRequest {
  /** Kind of body, for the account of what was sent. */
  readonly kind: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface HostileKeys {
  /** Of the connector that is flooded. */
  readonly connectorId: string;
  readonly writeKey: string;
  readonly unknownKey: string;
  /** Inputs to begin with. */
  readonly corpus: readonly Buffer[];
}

const LARGEST_BYTES = 780_000;

type Draw = (random: () => number, keys: HostileKeys) => { readonly kind: string; readonly text: string | Buffer };

const fill = (unit: string, random: () => number): string =>
  unit.repeat(Math.max(1, Math.floor((LARGEST_BYTES * (0.2 + 0.8 * random())) / Buffer.byteLength(unit) / 1.1)));
const below = (random: () => number, end: number): number => Math.floor(random() * end);

const draws: readonly Draw[] = [
  (random) => ({ kind: 'byte order marks', text: fill('\ufeff', random) }),
  (random) => {
    const depth = below(random, 350_000);
    return { kind: 'nesting', text: `{"batch":[{"a":${'['.repeat(depth)}${']'.repeat(depth)}}]}` };
  },
  (random) => ({ kind: 'empty objects', text: `{"batch":[{"a":[${fill('{},', random)}1]}]}` }),
  (random) => ({ kind: 'cut off', text: `{"batch":[${fill('[],', random)}` }),
  (random) => {
    const names = Array.from({ length: below(random, 50_000) }, (_, index) => `"k${index}":1`);
    return { kind: 'many names', text: `{"batch":[{"a":{${names.join(',')}}}]}` };
  },
  (random) => ({ kind: 'many events', text: `{"batch":[${'{},'.repeat(below(random, 3_000))}{}]}` }),
  (random) => {
    const beside = 'x'.repeat(below(random, 400_000));
    return { kind: 'a context for each', text: `{"batch":[${'{},'.repeat(2_000)}{}],"context":{"a":"${beside}"}}` };
  },
  (random) => ({ kind: 'long digits', text: `{"batch":[{"type":"identify","userId":${fill('9', random)}}]}` }),
  (random) => {
    const ids = Array.from({ length: 20 }, () => 'i'.repeat(below(random, 30_000)));
    const events = ids.map((userId) => JSON.stringify({ type: 'identify', userId }));
    return { kind: 'long ids', text: `{"batch":[${events.join(',')}]}` };
  },
  (random) => {
    const bytes = Buffer.from(`{"batch":[{"type":"identify","userId":"${'e'.repeat(below(random, 90_000))}"}]}`);
    bytes[below(random, bytes.length)] = 0x80 + below(random, 128);
    return { kind: 'not UTF-8', text: bytes };
  },
  (random, { corpus }) => {
    const pick = (): Buffer => corpus[below(random, corpus.length)] ?? Buffer.alloc(0);
    return { kind: 'mutations', text: mutate(pick(), pick(), random) };
  },
  () => ({ kind: 'a bomb', text: Buffer.alloc(20_000_000) }),
];

export function drawHostileRequest(random: () => number, keys: HostileKeys): HostileRequest {
  const draw = draws[below(random, draws.length)];
  if (draw === undefined) throw new RangeError('random() gave 1 or more');
  const { kind, text } = draw(random, keys);
  const [keyKind, path, key] = keyOf(random, keys);
  const plain = Buffer.from(text as string);
  // In the body, where nothing of it is known before it was inflated and looked through.
  const body = keyKind === 'key in the body' && plain[0] === OPEN_BRACE ? withWriteKey(plain, keys.writeKey) : plain;
  const isCompressed = body.length > LARGEST_BYTES || random() < 0.8;
  const address = `10.${below(random, 4)}.0.${below(random, 8)}`;
  return {
    kind: `${kind}, ${keyKind}`,
    path,
    headers: { ...key, 'x-forwarded-for': address, ...(isCompressed ? { 'content-encoding': 'gzip' } : {}) },
    body: isCompressed ? gzipSync(body, { level: 1 }) : body,
  };
}

const OPEN_BRACE = 0x7b;

function withWriteKey(body: Buffer, writeKey: string): Buffer {
  return Buffer.concat([Buffer.from(`{"writeKey":"${writeKey}",`), body.subarray(1)]);
}

function keyOf(
  random: () => number,
  { connectorId, writeKey, unknownKey }: HostileKeys,
): readonly [kind: string, path: string, headers: Readonly<Record<string, string>>] {
  switch (below(random, 5)) {
    case 0:
      return ['no key', '/v1/batch', {}];
    case 1:
      return ['unknown key', '/v1/import', { authorization: basic(unknownKey) }];
    case 2:
      return ['key in the body', '/v1/b', {}];
    case 3:
      return ['wrong signature', `/webhook/${connectorId}`, { 'x-signature': 'f'.repeat(40) }];
    default:
      return ['write key', '/v1/batch', { authorization: basic(writeKey) }];
  }
}
