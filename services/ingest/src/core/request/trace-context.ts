/** W3C Trace Context (https://www.w3.org/TR/trace-context/#traceparent-header). */

const traceparentFormat = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?$/;

/** The header's value if it is valid, else undefined: an invalid one must not be passed on. */
export function validTraceparent(header: string | undefined): string | undefined {
  if (header === undefined || header.length > 512 || !traceparentFormat.test(header)) return undefined;
  // Version 00 allows nothing after the flags.
  return header.startsWith('00') && header.length !== 55 ? undefined : header;
}
