/** The 128 bits by which a command is known, and the 32 of them that the tables in memory hold. */
import { createHash } from 'node:crypto';

export const KEY_BYTES = 16;

const NOT_A_DIGIT = -1;
const nibbles = new Int8Array(128).fill(NOT_A_DIGIT);
for (let value = 0; value < 16; value += 1) nibbles[value.toString(16).charCodeAt(0)] = value;

/**
 * Writes the key of `commandId` at `at` of `target`: the value of its 32 lower-case hexadecimal digits, and for an id
 * of any other form, which no mapper of ours writes, 128 bits of SHA-256. Total: whatever stands on the command topic
 * has a key.
 */
export function writeCommandKey(commandId: string, target: Buffer, at = 0): void {
  if (commandId.length === 2 * KEY_BYTES) {
    let all = 0;
    for (let index = 0; index < KEY_BYTES; index += 1) {
      const high = nibbles[commandId.charCodeAt(2 * index)] ?? NOT_A_DIGIT;
      const low = nibbles[commandId.charCodeAt(2 * index + 1)] ?? NOT_A_DIGIT;
      all |= high | low;
      target[at + index] = (high << 4) | low;
    }
    if (all >= 0) return;
  }
  // The prefix keeps the text of an id apart from the JSON that our own ids are hashes of.
  createHash('sha256').update(`id:${commandId}`, 'utf8').digest().copy(target, at, 0, KEY_BYTES);
}

/** 32 well-mixed bits of the key at `at`. All 128 take part, so ids that count upwards spread as evenly as hashes. */
export function tagOf(bytes: Buffer, at: number): number {
  let mixed =
    Math.imul(bytes.readUInt32LE(at), 0x9e3779b1) ^
    Math.imul(bytes.readUInt32LE(at + 4), 0x85ebca77) ^
    Math.imul(bytes.readUInt32LE(at + 8), 0xc2b2ae3d) ^
    Math.imul(bytes.readUInt32LE(at + 12), 0x27d4eb2f);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d);
  mixed = Math.imul(mixed ^ (mixed >>> 12), 0x297a2d39);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}
