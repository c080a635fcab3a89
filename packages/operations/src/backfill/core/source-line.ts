/** A piece of a file that may be an event. */
export interface SourceLine {
  /** From 1. */
  readonly number: number;
  /** Without its end; the first `MAX_LINE_BYTES` of it. */
  readonly bytes: Buffer;
  readonly isCut: boolean;
  /** What `number` counts. */
  readonly unit: 'line' | 'event';
}

/** What still fits a Kafka record (`message.max.bytes`, 1,048,588 by default) with its headers. */
export const MAX_LINE_BYTES = 900_000;

/** `archive.ndjson:7`, or `archive.json, event 7` where the file does not have one event per line. */
export function placeInFile(file: string, { number, unit }: Pick<SourceLine, 'number' | 'unit'>): string {
  return unit === 'line' ? `${file}:${number}` : `${file}, event ${number}`;
}
