/**
 * The position that a live stream goes on from: of this process, since what it keeps is lost with it. Pure.
 *
 *     <process>.<sequence>
 */
export function formatPosition(process: string, sequence: number): string {
  return `${process}.${sequence}`;
}

/** Undefined for the position of another process, and for other text: then the stream begins with what is new. */
export function parsePosition(process: string, text: string | undefined): number | undefined {
  const match = /^([0-9a-z-]{1,64})\.(\d{1,15})$/.exec(text ?? '');
  return match?.[1] === process ? Number(match[2]) : undefined;
}
