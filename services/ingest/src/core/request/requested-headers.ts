/** What a preflight asks to be allowed to send (https://fetch.spec.whatwg.org/#http-access-control-request-headers). */

/** What SDKs send, for a preflight that names no headers. */
const usualHeaders = 'authorization, content-type, content-encoding, x-retry-count, x-write-key, traceparent';
const MAX_NAMES = 64;
const MAX_NAME_CHARACTERS = 128;
const token = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;

/**
 * The list for `Access-Control-Allow-Headers`. Pages add headers of their own (tracing, CSRF, other SDKs), and a header
 * missing from the answer blocks the whole request; none of them has a meaning here. The list is bounded and leaves out
 * names that HTTP does not allow, so that only names are echoed.
 */
export function allowedHeaders(requested: string | undefined): string {
  if (requested === undefined) return usualHeaders;
  const names = requested
    .toLowerCase()
    .split(',', MAX_NAMES)
    .map((name) => name.trim())
    .filter((name) => name.length <= MAX_NAME_CHARACTERS && token.test(name));
  return names.length === 0 ? usualHeaders : names.join(', ');
}

/** An origin as browsers write it, or `null`; undefined for anything else, which must not be echoed. */
export function validOrigin(origin: string | undefined): string | undefined {
  if (origin === undefined || origin.length > 512) return undefined;
  return origin === 'null' || /^[a-z][a-z0-9+.-]*:\/\/[^\s/,"<>\\]+$/i.test(origin) ? origin : undefined;
}
