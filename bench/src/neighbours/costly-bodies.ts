/** Bodies that are small on the wire and cost an ingest service much to read. */
import { gzipSync } from 'node:zlib';

/** About what ingest inflates at most by default. */
const INFLATED_BYTES = 786_000;

/**
 * Gzip bodies of a batch, of less than a kilobyte each: one that is not JSON, but only at its end, and one event of a
 * third of a million values.
 */
export function costlyBodies(): readonly Buffer[] {
  const event = '{"batch":[{"type":"track","event":"e","userId":"u","properties":{"a":[';
  return [filled('{"batch":[', '{},', ''), filled(event, '[],', '0]}}]}')].map((body) => gzipSync(body, { level: 9 }));
}

function filled(head: string, unit: string, tail: string): string {
  return head + unit.repeat(Math.floor((INFLATED_BYTES - head.length - tail.length) / unit.length)) + tail;
}
