/**
 * Reads what an OTLP exporter sends, from the bytes: protobuf's wire format, with the field numbers of
 * https://github.com/open-telemetry/opentelemetry-proto (collector/trace/v1, trace/v1, common/v1). Of attributes, text,
 * numbers and booleans are read.
 */

export interface ReceivedLink {
  readonly traceId: string;
  readonly spanId: string;
}

export type ReceivedAttributes = Readonly<Record<string, string | number | boolean>>;

export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for a root. */
  readonly parentSpanId: string;
  readonly traceState: string;
  readonly name: string;
  readonly kind: 'unspecified' | 'internal' | 'server' | 'client' | 'producer' | 'consumer';
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly attributes: ReceivedAttributes;
  readonly links: readonly ReceivedLink[];
  readonly status: 'unset' | 'ok' | 'error';
  /** `service.name` of its process, and whatever else that says of itself. */
  readonly resource: ReceivedAttributes;
}

const kinds = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const;
const statuses = ['unset', 'ok', 'error'] as const;

export function readTraceRequest(bytes: Uint8Array): ReceivedSpan[] {
  return new Message(bytes).messages(1).flatMap((resourceSpans) => {
    const resource = attributesIn(resourceSpans.messages(1).flatMap((each) => each.messages(1)));
    const scopeSpans = resourceSpans.messages(2);
    return scopeSpans.flatMap((scope) => scope.messages(2)).map((span) => toSpan(span, resource));
  });
}

function toSpan(span: Message, resource: ReceivedAttributes): ReceivedSpan {
  return {
    traceId: span.hex(1),
    spanId: span.hex(2),
    traceState: span.text(3),
    parentSpanId: span.hex(4),
    name: span.text(5),
    kind: kinds[span.integer(6)] ?? 'unspecified',
    startNs: span.fixed(7),
    endNs: span.fixed(8),
    attributes: attributesIn(span.messages(9)),
    links: span.messages(13).map((link) => ({ traceId: link.hex(1), spanId: link.hex(2) })),
    status: statuses[span.messages(15)[0]?.integer(3) ?? 0] ?? 'unset',
    resource,
  };
}

function attributesIn(keyValues: readonly Message[]): ReceivedAttributes {
  return Object.fromEntries(
    keyValues.flatMap((keyValue) => {
      const value = toValue(keyValue.messages(2)[0]);
      return value === undefined ? [] : [[keyValue.text(1), value]];
    }),
  );
}

function toValue(any: Message | undefined): string | number | boolean | undefined {
  if (any?.has(1)) return any.text(1);
  if (any?.has(2)) return any.integer(2) === 1;
  if (any?.has(3)) return any.integer(3);
  if (any?.has(4)) return any.double(4);
  return undefined;
}

/** A message by the numbers of its fields. */
class Message {
  readonly #fields = new Map<number, (Buffer | bigint)[]>();

  constructor(bytes: Uint8Array) {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = 0;
    const varint = (): bigint => {
      let value = 0n;
      for (let shift = 0n; ; shift += 7n) {
        const byte = buffer.readUInt8(at++);
        value |= BigInt(byte & 0x7f) << shift;
        if (byte < 0x80) return value;
      }
    };
    const take = (length: number): Buffer => {
      if (at + length > buffer.length) throw new RangeError('a field ends behind its message');
      return buffer.subarray(at, (at += length));
    };
    while (at < buffer.length) {
      const tag = Number(varint());
      const wireType = tag & 7;
      if (wireType === 0) this.#add(tag >>> 3, varint());
      else if (wireType === 1) this.#add(tag >>> 3, take(8));
      else if (wireType === 2) this.#add(tag >>> 3, take(Number(varint())));
      else if (wireType === 5) this.#add(tag >>> 3, take(4));
      else throw new RangeError(`protobuf has no wire type ${wireType}`);
    }
  }

  has(field: number): boolean {
    return this.#fields.has(field);
  }

  messages(field: number): Message[] {
    return this.#all(field).map((value) => new Message(asBytes(value)));
  }

  text(field: number): string {
    return this.#bytes(field).toString('utf8');
  }

  hex(field: number): string {
    return this.#bytes(field).toString('hex');
  }

  fixed(field: number): bigint {
    return this.has(field) ? this.#bytes(field).readBigUInt64LE() : 0n;
  }

  double(field: number): number {
    return this.#bytes(field).readDoubleLE();
  }

  integer(field: number): number {
    const value = this.#all(field)[0] ?? 0n;
    if (typeof value !== 'bigint') throw new TypeError('the field is not a number');
    return Number(BigInt.asIntN(64, value));
  }

  #bytes(field: number): Buffer {
    return asBytes(this.#all(field)[0] ?? Buffer.alloc(0));
  }

  #all(field: number): readonly (Buffer | bigint)[] {
    return this.#fields.get(field) ?? [];
  }

  #add(field: number, value: Buffer | bigint): void {
    const values = this.#fields.get(field);
    if (values === undefined) this.#fields.set(field, [value]);
    else values.push(value);
  }
}

function asBytes(value: Buffer | bigint): Buffer {
  if (typeof value === 'bigint') throw new TypeError('the field is a number');
  return value;
}
