/** Small changes of an input, drawn from a random number: what a fuzzer does between two runs of a parser. */

const TOKENS = [
  '{',
  '}',
  '[',
  ']',
  '"',
  '\\',
  '\\ud800',
  '\\u0000',
  '__proto__',
  '1e999',
  '-0',
  'null',
  '\u0000',
  '\ud83d\ude00',
  ',',
  ':',
];
const INTERESTING = [0, 1, 0x7f, 0x80, 0xff, 0x22, 0x5b, 0x7b];
const MAX_BYTES = 100_000;

export function mutate(seed: Buffer, other: Buffer, random: () => number): Buffer {
  let bytes: Buffer = Buffer.from(seed);
  const rounds = 1 + Math.floor(random() * 4);
  for (let round = 0; round < rounds; round += 1) bytes = once(bytes, other, random);
  return bytes.subarray(0, MAX_BYTES);
}

function once(bytes: Buffer, other: Buffer, random: () => number): Buffer {
  const below = (end: number): number => Math.floor(random() * end);
  const at = below(bytes.length + 1);
  const until = Math.min(bytes.length, at + 1 + below(16));
  const [before, between, behind] = [bytes.subarray(0, at), bytes.subarray(at, until), bytes.subarray(until)];
  switch (below(7)) {
    case 0: {
      const changed = Buffer.from(bytes);
      if (changed.length > 0) changed[at % changed.length] = below(256);
      return changed;
    }
    case 1: {
      const changed = Buffer.from(bytes);
      if (changed.length > 0) changed[at % changed.length] = INTERESTING[below(INTERESTING.length)] ?? 0;
      return changed;
    }
    case 2:
      return before;
    case 3:
      return Buffer.concat([before, behind]);
    case 4:
      return Buffer.concat([before, ...Array.from({ length: 1 + below(200) }, () => between), behind]);
    case 5:
      return Buffer.concat([before, Buffer.from(TOKENS[below(TOKENS.length)] ?? ''), bytes.subarray(at)]);
    default: {
      const from = below(other.length + 1);
      return Buffer.concat([before, other.subarray(from, from + below(64)), behind]);
    }
  }
}
