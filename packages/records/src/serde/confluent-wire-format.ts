/** Confluent's framing of a record's value: a zero byte, the schema id as 32 bits big-endian, the Avro bytes. */

const MAGIC_BYTE = 0;
export const WIRE_HEADER_BYTES = 5;

export type FramedValue =
  | { readonly kind: 'framed'; readonly schemaId: number; readonly payload: Buffer }
  | { readonly kind: 'unframed'; readonly reason: string };

/** Total: says why a value is not framed. The payload shares memory with the value. */
export function parseWireFormat(value: Buffer | null): FramedValue {
  if (value === null) return { kind: 'unframed', reason: 'the value is null' };
  if (value.length < WIRE_HEADER_BYTES) {
    return { kind: 'unframed', reason: `${value.length} bytes are too short for a magic byte and a schema id` };
  }
  if (value[0] !== MAGIC_BYTE)
    return { kind: 'unframed', reason: `the magic byte is ${value[0]}, expected ${MAGIC_BYTE}` };
  return { kind: 'framed', schemaId: value.readInt32BE(1), payload: value.subarray(WIRE_HEADER_BYTES) };
}

/** The five bytes before the payload. */
export function wireHeader(schemaId: number): Buffer {
  const header = Buffer.alloc(WIRE_HEADER_BYTES);
  header.writeInt32BE(schemaId, 1);
  return header;
}
