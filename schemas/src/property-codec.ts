/**
 * Avro types whose in-memory form is plain JSON. They replace avsc's own for the records of this package.
 *
 * The wire format is standard Avro. What differs is the JavaScript side: avsc would represent each property value as
 * `{ value: { long: 329 } }`, two objects a value on the hot path of mapper and dispatcher; would lose a property
 * named `__proto__` (it assigns to it); and would refuse longs beyond 2^53.
 */
import avro from 'avsc';
import {
  readBlockCount,
  readExactLong,
  readText,
  writeBigLong,
  writeSafeLong,
  writeText,
  type Tap,
} from './avro-tap.ts';
import type { JsonValue } from '@astrolabe/json';
import { isInt64, isPropertyValue, maxPropertyDepth, type PropertyValue } from './property-value.ts';

type ErrorHook = (value: unknown, type: avro.Type) => void;
interface AvroObject {
  readonly entries: readonly { readonly name: string; readonly value: unknown }[];
}
type UnionRecordType = avro.Type & { readonly fields: readonly { readonly type: { readonly types?: avro.Type[] } }[] };
type WireType = avro.Type & { _read(tap: Tap): unknown; _write(tap: Tap, value: unknown): void };

const objectBranch = 'astrolabe.commands.v1.PropertyObject';

/** Branches of the union in `avro/property-value.avsc`, in the order that its indices depend on. */
const branches = ['null', 'boolean', 'long', 'double', 'string', 'array', objectBranch] as const;

/** Zigzag of a branch's index, which for these is its single byte on the wire. */
const NULL = 0;
const BOOLEAN = 2;
const LONG = 4;
const DOUBLE = 6;
const STRING = 8;
const ARRAY = 10;
const OBJECT = 12;

/** The record `PropertyValue`, represented by its JSON value. */
export class PropertyValueType extends avro.types.LogicalType {
  constructor(schema: object, options: unknown) {
    super(schema as ConstructorParameters<typeof avro.types.LogicalType>[0], options);
    const [field] = (this.underlyingType as UnionRecordType).fields;
    const found = field?.type.types?.map((type) => type.branchName);
    if (found?.join() !== branches.join()) {
      throw new Error(
        `PropertyValue has the branches ${String(found)}; this version reads and writes ${branches.join()}`,
      );
    }
  }

  _read(tap: Tap): PropertyValue {
    return readValue(tap, 1);
  }

  _write(tap: Tap, value: unknown): void {
    writeValue(tap, value, 1);
  }

  _check(value: unknown, _flags: unknown, hook?: ErrorHook): boolean {
    const valid = isPropertyValue(value);
    if (!valid && hook !== undefined) hook(value, this);
    return valid;
  }

  // The rest of avsc (clone, toString) uses the underlying record, whose nested values are of this type again.

  protected override _toValue(value: PropertyValue): unknown {
    if (value === null) return { value: null };
    if (typeof value === 'number' || typeof value === 'bigint') {
      return { value: isWholeNumber(value) ? { long: value } : { double: value } };
    }
    if (Array.isArray(value)) return { value: { array: value } };
    if (typeof value === 'object') {
      const entries = Object.entries(value).map(([name, member]) => ({ name, value: member }));
      return { value: { [objectBranch]: { entries } } };
    }
    return { value: { [typeof value]: value } };
  }

  protected override _fromValue(record: { value: object | null }): unknown {
    if (record.value === null) return null;
    const [branch, value] = Object.entries(record.value)[0] as [string, unknown];
    if (branch !== objectBranch) return value;
    const members: Record<string, unknown> = {};
    for (const { name, value: member } of (value as AvroObject).entries) setOwn(members, name, member);
    return members;
  }

  protected override _resolve(writer: avro.Type): unknown {
    return writer instanceof PropertyValueType ? (value: unknown) => value : undefined;
  }
}

/** A map whose names are own properties, `__proto__` included. */
export class OwnNamesMapType extends avro.types.MapType {
  _read(tap: Tap): Record<string, unknown> {
    const values = this.valuesType as WireType;
    const map: Record<string, unknown> = {};
    for (let count = readBlockCount(tap); count !== 0; count = readBlockCount(tap)) {
      for (; count > 0; count -= 1) setOwn(map, readText(tap), values._read(tap));
    }
    return map;
  }

  _write(tap: Tap, map: unknown): void {
    if (typeof map !== 'object' || map === null || Array.isArray(map))
      throw new TypeError('properties must be an object');
    const values = this.valuesType as WireType;
    const names = Object.keys(map);
    if (names.length > 0) {
      tap.writeLong(names.length);
      for (const name of names) {
        writeText(tap, name);
        values._write(tap, (map as Record<string, unknown>)[name]);
      }
    }
    tap.writeLong(0);
  }
}

/** Text outside property values: ids and names. See `writeText`. */
export class WellFormedStringType extends avro.types.StringType {
  _write(tap: Tap, value: unknown): void {
    if (typeof value !== 'string')
      throw new TypeError(`expected text, found ${value === null ? 'null' : typeof value}`);
    writeText(tap, value);
  }
}

function isWholeNumber(value: number | bigint): boolean {
  return typeof value === 'bigint' || (Number.isSafeInteger(value) && !Object.is(value, -0));
}

function writeValue(tap: Tap, value: unknown, depth: number): void {
  switch (typeof value) {
    case 'string':
      tap.buf[tap.pos++] = STRING;
      writeText(tap, value);
      return;
    case 'number':
      writeNumber(tap, value);
      return;
    case 'boolean':
      tap.buf[tap.pos++] = BOOLEAN;
      tap.writeBoolean(value);
      return;
    case 'bigint':
      if (!isInt64(value)) throw new RangeError('a whole number does not fit into 64 bits');
      tap.buf[tap.pos++] = LONG;
      writeBigLong(tap, value);
      return;
    case 'object':
      if (value === null) {
        tap.buf[tap.pos++] = NULL;
        return;
      }
      if (depth > maxPropertyDepth)
        throw new RangeError(`a property is nested more than ${maxPropertyDepth} levels deep`);
      if (Array.isArray(value)) writeArray(tap, value, depth);
      else writeObject(tap, value as Record<string, unknown>, depth);
      return;
    default:
      throw new TypeError(`a value of type ${typeof value} has no place in JSON`);
  }
}

function writeNumber(tap: Tap, value: number): void {
  if (isWholeNumber(value)) {
    tap.buf[tap.pos++] = LONG;
    writeSafeLong(tap, value);
    return;
  }
  if (!Number.isFinite(value)) throw new RangeError('a number is not finite');
  tap.buf[tap.pos++] = DOUBLE;
  tap.writeDouble(value);
}

function writeArray(tap: Tap, items: readonly unknown[], depth: number): void {
  tap.buf[tap.pos++] = ARRAY;
  if (items.length > 0) {
    tap.writeLong(items.length);
    for (let index = 0; index < items.length; index += 1) writeValue(tap, items[index], depth + 1);
  }
  tap.writeLong(0);
}

function writeObject(tap: Tap, map: Record<string, unknown>, depth: number): void {
  const names = Object.keys(map);
  tap.buf[tap.pos++] = OBJECT;
  if (names.length > 0) {
    tap.writeLong(names.length);
    for (const name of names) {
      writeText(tap, name);
      writeValue(tap, map[name], depth + 1);
    }
  }
  tap.writeLong(0);
}

function readValue(tap: Tap, depth: number): JsonValue {
  const branch = tap.readLong();
  switch (branch * 2) {
    case STRING:
      return readText(tap);
    case LONG:
      return readExactLong(tap);
    case DOUBLE:
      return tap.readDouble();
    case BOOLEAN:
      return tap.readBoolean();
    case NULL:
      return null;
    case ARRAY:
      return readArray(tap, depth);
    case OBJECT:
      return readObject(tap, depth);
    default:
      throw new RangeError(`PropertyValue has no branch ${branch}`);
  }
}

function readArray(tap: Tap, depth: number): JsonValue[] {
  // Corrupt bytes can open an array in every other byte, which would exhaust the stack.
  if (depth > maxPropertyDepth) throw new RangeError(`a property is nested more than ${maxPropertyDepth} levels deep`);
  const items: JsonValue[] = [];
  for (let count = readBlockCount(tap); count !== 0; count = readBlockCount(tap)) {
    for (; count > 0; count -= 1) items.push(readValue(tap, depth + 1));
  }
  return items;
}

/** An array of entries is, byte for byte, a map. */
function readObject(tap: Tap, depth: number): Record<string, JsonValue> {
  if (depth > maxPropertyDepth) throw new RangeError(`a property is nested more than ${maxPropertyDepth} levels deep`);
  const map: Record<string, JsonValue> = {};
  for (let count = readBlockCount(tap); count !== 0; count = readBlockCount(tap)) {
    for (; count > 0; count -= 1) setOwn(map, readText(tap), readValue(tap, depth + 1));
  }
  return map;
}

function setOwn<T>(map: Record<string, T>, name: string, value: T): void {
  // Assigning to `__proto__` would set the map's prototype and lose the property.
  if (name === '__proto__')
    Object.defineProperty(map, name, { value, enumerable: true, configurable: true, writable: true });
  else map[name] = value;
}
