/**
 * A mend of kafkajs 2.2.4: its record decoder copies all headers for each header, so that one record of 100,000 headers, which a batch of
 * the default size holds, keeps a consumer busy for minutes, out of its group and then at it again, for ever.
 */
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

interface Header {
  readonly key: string;
  readonly value: unknown;
}
type HeadersByName = Record<string, unknown>;
interface Decoder {
  readVarIntArray(this: Decoder, reader: unknown): Header[];
}

/** So few are copied faster than they are looked at twice. */
const FEW = 16;

function mendQuadraticHeaders(): void {
  const { prototype } = require('kafkajs/src/protocol/decoder') as { prototype: Decoder };
  const { readVarIntArray } = prototype;
  // Only headers are read by it, and their reader does nothing with them but this reduction.
  prototype.readVarIntArray = function readHeaders(reader) {
    const headers = readVarIntArray.call(this, reader);
    if (headers.length <= FEW) return headers;
    return Object.assign(headers, { reduce: () => collect(headers) });
  };
}

/** As the original: a repeated header is the array of its values. */
function collect(headers: Iterable<Header>): HeadersByName {
  const values = new Map<string, unknown[]>();
  for (const { key, value } of headers) {
    const own = values.get(key);
    if (own === undefined) values.set(key, [value]);
    else own.push(value);
  }
  // `fromEntries` defines members, whatever they are called.
  return Object.fromEntries(Array.from(values, ([name, own]) => [name, own.length === 1 ? own[0] : own]));
}

mendQuadraticHeaders();
