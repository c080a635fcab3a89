/**
 * Deliveries packed into one record of the changelog. The same bytes stand in the local segments. Numbers are
 * little-endian:
 *
 *     0 u8 version, 1 1 u8 width of the ending column, 0 to 2 bytes 2 u8 width of the offset column, 0 to 6 3 u8 width
 *     of the age column, 0 to 6 4 u16 number of deliveries, at least 1 6 u48 time of the newest, epoch milliseconds 12
 *     u48 lowest offset of a command 18 u16 number of endings 20 endings: u8 outcome, u16 status (0: none), u16 length
 *     of the connector's id, the id in UTF-8 columns, a value for each delivery: key (16 bytes), ending (index), offset
 *     above the lowest, age below the newest
 *
 * A column whose values are all zero has width 0 and takes no room. About 20 bytes a delivery in a chunk of hundreds,
 * 60 for one alone.
 */
import { PipelineError, defect, present } from '@astrolabe/service-kit/errors';
import { KEY_BYTES, writeCommandKey } from '../command-key.ts';
import { decodeAttempts } from './attempts-codec.ts';
import {
  ATTEMPTS_VERSION,
  DeliveryChunk,
  ENDINGS_START,
  VERSION,
  outcomes,
  type ChunkColumns,
  type Ending,
} from './delivery-chunk.ts';
import type { Delivery } from '../delivery.ts';

export const MAX_CHUNK_DELIVERIES = 65_535;
const MAX_U16 = 65_535;
const MAX_U48 = 2 ** 48 - 1;
const LONGEST_ENDING_HEADER_BYTES = 5;

/** Packs 1 to 65,535 deliveries. Throws a RangeError for a number that the format cannot hold. */
export function encodeChunk(deliveries: readonly Delivery[]): Buffer {
  const count = deliveries.length;
  if (count < 1 || count > MAX_CHUNK_DELIVERIES) throw new RangeError(`a chunk of ${count} deliveries`);
  const endings = new Map<string, number>();
  const endingParts: Buffer[] = [];
  const indexes = new Array<number>(count);
  let previous: Delivery | undefined;
  let ending = 0;
  let newestAtMs = 0;
  let lowestOffset = Number.MAX_SAFE_INTEGER;
  let highestOffset = 0;
  let oldestAtMs = Number.MAX_SAFE_INTEGER;
  deliveries.forEach((delivery, index) => {
    const atMs = fitting(delivery.atMs, MAX_U48, 'time');
    const offset = fitting(Number(delivery.offset), MAX_U48, 'offset');
    newestAtMs = Math.max(newestAtMs, atMs);
    oldestAtMs = Math.min(oldestAtMs, atMs);
    lowestOffset = Math.min(lowestOffset, offset);
    highestOffset = Math.max(highestOffset, offset);
    if (previous === undefined || !endsAlike(previous, delivery)) {
      const name = `${delivery.outcome} ${delivery.status ?? 0} ${delivery.connectorId}`;
      const known = endings.get(name);
      ending = known ?? endings.size;
      if (known === undefined) {
        endings.set(name, ending);
        endingParts.push(encodeEnding(delivery));
      }
      previous = delivery;
    }
    indexes[index] = ending;
  });
  const endingWidth = widthFor(endings.size - 1);
  const offsetWidth = widthFor(highestOffset - lowestOffset);
  const ageWidth = widthFor(newestAtMs - oldestAtMs);
  const endingBytes = endingParts.reduce((sum, part) => sum + part.length, 0);
  const keysStart = ENDINGS_START + endingBytes;
  const bytes = Buffer.allocUnsafe(keysStart + count * (KEY_BYTES + endingWidth + offsetWidth + ageWidth));
  bytes[0] = VERSION;
  bytes[1] = endingWidth;
  bytes[2] = offsetWidth;
  bytes[3] = ageWidth;
  bytes.writeUInt16LE(count, 4);
  bytes.writeUIntLE(newestAtMs, 6, 6);
  bytes.writeUIntLE(lowestOffset, 12, 6);
  bytes.writeUInt16LE(endings.size, 18);
  let at = ENDINGS_START;
  for (const part of endingParts) at += part.copy(bytes, at);
  if (at !== keysStart) throw defect(`the endings of a chunk end at ${at} instead of ${keysStart}`);
  const endingsColumn = keysStart + count * KEY_BYTES;
  const offsetsColumn = endingsColumn + count * endingWidth;
  const agesColumn = offsetsColumn + count * offsetWidth;
  deliveries.forEach((delivery, index) => {
    writeCommandKey(delivery.commandId, bytes, keysStart + index * KEY_BYTES);
    put(bytes, present(indexes[index], 'the ending of a delivery'), endingsColumn, index, endingWidth);
    put(bytes, Number(delivery.offset) - lowestOffset, offsetsColumn, index, offsetWidth);
    put(bytes, newestAtMs - delivery.atMs, agesColumn, index, ageWidth);
  });
  return bytes;
}

/**
 * Reads the frame of a chunk, of deliveries or of failed attempts; deliveries are read from it one by one. `bytes` must
 * not change afterwards. Throws
 * `ledger.unknown-format` for a version that this code does not know, `ledger.damaged` for bytes that are not a
 * whole chunk.
 */
export function decodeChunk(bytes: Buffer): DeliveryChunk {
  const version = bytes[0];
  if (version === ATTEMPTS_VERSION) return decodeAttempts(bytes);
  if (version !== undefined && version !== VERSION) {
    const message = `a chunk of the delivery ledger has format ${version}, and this version knows ${VERSION} and ${ATTEMPTS_VERSION}; run the version that wrote it`;
    throw new PipelineError('ledger.unknown-format', message, { retryable: false });
  }
  if (bytes.length < ENDINGS_START) throw damaged('it is shorter than its header');
  const [, endingWidth = 0, offsetWidth = 0, ageWidth = 0] = bytes;
  if (endingWidth > 2 || offsetWidth > 6 || ageWidth > 6) throw damaged('a column is too wide');
  const count = bytes.readUInt16LE(4);
  if (count === 0) throw damaged('it is empty');
  const { endings, end: keys } = decodeEndings(bytes);
  const columns: ChunkColumns = {
    keys,
    endings: { start: keys + count * KEY_BYTES, width: endingWidth },
    offsets: { start: keys + count * (KEY_BYTES + endingWidth), width: offsetWidth },
    ages: { start: keys + count * (KEY_BYTES + endingWidth + offsetWidth), width: ageWidth },
  };
  const end = columns.ages.start + count * ageWidth;
  if (end !== bytes.length) throw damaged(`it has ${bytes.length} bytes instead of ${end}`);
  const chunk = new DeliveryChunk(bytes, count, endings, columns);
  if (chunk.highestEnding() >= endings.length) throw damaged('a delivery has an ending that is not listed');
  return chunk;
}

function endsAlike(one: Delivery, other: Delivery): boolean {
  return one.connectorId === other.connectorId && one.status === other.status && one.outcome === other.outcome;
}

function encodeEnding({ outcome, status, connectorId }: Delivery): Buffer {
  const connectorBytes = Buffer.byteLength(connectorId);
  const bytes = Buffer.allocUnsafe(LONGEST_ENDING_HEADER_BYTES + connectorBytes);
  bytes[0] = outcomes.indexOf(outcome);
  bytes.writeUInt16LE(fitting(status ?? 0, MAX_U16, 'status'), 1);
  bytes.writeUInt16LE(fitting(connectorBytes, MAX_U16, 'connector id'), 3);
  bytes.write(connectorId, LONGEST_ENDING_HEADER_BYTES);
  return bytes;
}

function decodeEndings(bytes: Buffer): { readonly endings: readonly Ending[]; readonly end: number } {
  const endings: Ending[] = [];
  let at = ENDINGS_START;
  for (let left = bytes.readUInt16LE(18); left > 0; left -= 1) {
    if (at + LONGEST_ENDING_HEADER_BYTES > bytes.length) throw damaged('its endings are cut off');
    const outcome = outcomes[bytes[at] ?? outcomes.length];
    if (outcome === undefined) throw damaged('it has an outcome that does not exist');
    const status = bytes.readUInt16LE(at + 1);
    const connectorStart = at + LONGEST_ENDING_HEADER_BYTES;
    at = connectorStart + bytes.readUInt16LE(at + 3);
    if (at > bytes.length) throw damaged('its endings are cut off');
    endings.push({
      outcome,
      status: status === 0 ? undefined : status,
      connectorId: bytes.toString('utf8', connectorStart, at),
    });
  }
  return { endings, end: at };
}

function fitting(value: number, max: number, what: string): number {
  if (Number.isInteger(value) && value >= 0 && value <= max) return value;
  throw new RangeError(`the ${what} ${value} of a delivery is not a whole number from 0 to ${max}`);
}

function widthFor(largest: number): number {
  let width = 0;
  for (let rest = largest; rest > 0; rest = Math.floor(rest / 256)) width += 1;
  return width;
}

function put(bytes: Buffer, value: number, columnStart: number, index: number, width: number): void {
  if (width === 1) bytes[columnStart + index] = value;
  else if (width > 0) bytes.writeUIntLE(value, columnStart + index * width, width);
}

function damaged(why: string): PipelineError {
  const message = `a chunk of the delivery ledger cannot be read: ${why}; something else writes to the topic`;
  return new PipelineError('ledger.damaged', message, { retryable: false });
}
