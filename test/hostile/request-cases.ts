/** Bodies and requests that no SDK sends, and what ingest must answer. */
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';

export interface RequestCase {
  readonly name: string;
  readonly body: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  /** Default `/v1/batch`. */
  readonly path?: string;
  readonly status: number;
  /** Error code that the answer names: of the request, or of an event in it. */
  readonly code?: string;
}

const MEGABYTE = 1_000_000;
const GZIP = { 'content-encoding': 'gzip' };

/** The text of an event, whose members are given as JSON text. */
function event(messageId: string, members: string): string {
  return `{"batch":[{"type":"identify","messageId":"${messageId}","userId":"odd-body",${members}}]}`;
}

export const requestCases: readonly RequestCase[] = [
  { name: 'no body', body: '', status: 400, code: 'event.invalid-json' },
  { name: 'an array that nests 350,000 levels', body: '['.repeat(350_000), status: 400, code: 'event.invalid-json' },
  {
    name: 'an object that nests 100,000 levels, whole',
    body: event('deep', `"traits":{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`),
    status: 200,
    code: 'event.too-large',
  },
  {
    name: 'an event that nests 65 levels',
    body: event('deep-65', `"traits":${'{"a":'.repeat(64)}1${'}'.repeat(64)}`),
    status: 200,
    code: 'event.too-large',
  },
  { name: 'a body over the limit', body: 'x'.repeat(MEGABYTE), status: 400, code: 'event.too-large' },
  {
    name: 'an event over its limit',
    body: event('huge', `"traits":{"a":"${'x'.repeat(600_000)}"}`),
    status: 200,
    code: 'event.too-large',
  },
  {
    name: 'an event of 20,000 properties',
    body: event('wide', `"traits":{${Array.from({ length: 20_000 }, (_, index) => `"${index}":1`).join(',')}}`),
    status: 200,
    code: 'event.too-large',
  },
  {
    name: 'a batch of 300,000 nothings',
    body: `{"batch":[${'1,'.repeat(300_000)}1]}`,
    status: 400,
    code: 'event.too-large',
  },
  { name: 'a batch of 5,000 numbers', body: `{"batch":[${'1,'.repeat(4_999)}1]}`, status: 200, code: 'event.invalid' },
  {
    name: 'JSON that is cut off',
    body: event('cut', '"traits":{}').slice(0, -3),
    status: 400,
    code: 'event.invalid-json',
  },
  { name: 'JSON that is cut off within an escape', body: '{"batch":["\\ud8', status: 400, code: 'event.invalid-json' },
  {
    name: 'bytes that are not UTF-8',
    body: Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]),
    status: 400,
    code: 'event.invalid-json',
  },
  {
    name: 'Latin-1 in an id',
    body: Buffer.from(event('latin-1', '"traits":{"name":"ren\xe9"}'), 'latin1'),
    status: 400,
    code: 'event.invalid-json',
  },
  {
    name: 'UTF-16 with its byte order mark',
    body: Buffer.from(`\ufeff${event('utf-16', '"traits":{}')}`, 'utf16le'),
    status: 400,
    code: 'event.invalid-json',
  },
  {
    name: 'one byte order mark',
    body: `\ufeff${event('marked', '"traits":{}')}`,
    status: 200,
  },
  ...['/v1/batch', '/v1/track', '/v1/b', '/segment', '/webhook/victim'].flatMap((path): RequestCase[] =>
    [5_000, 262_000].map((marks) => ({
      name: `${marks} byte order marks as gzip at ${path}`,
      body: gzipSync('\ufeff'.repeat(marks).padEnd(262_100, ' ')),
      path,
      headers: GZIP,
      status: 400,
      code: 'event.invalid-json',
    })),
  ),
  {
    name: 'a context of 400 KB for each of 2,500 events',
    body: gzipSync(`{"batch":[${'{},'.repeat(2_499)}{}],"context":{"a":"${'x'.repeat(400_000)}"}}`),
    headers: GZIP,
    status: 400,
    code: 'event.too-large',
  },
  {
    name: 'a user id of 700,000 digits',
    body: gzipSync(`{"batch":[{"type":"identify","messageId":"digits","userId":${'9'.repeat(700_000)}}]}`),
    headers: GZIP,
    status: 200,
    code: 'event.too-large',
  },
  {
    name: 'a user id of 600 bytes',
    body: `{"batch":[{"type":"delete","messageId":"long-id","userId":"${'x'.repeat(600)}"}]}`,
    status: 200,
    code: 'event.invalid',
  },
  {
    name: 'duplicate keys',
    body: event('duplicate', '"userId":"odd-body","traits":{"a":1},"traits":{"a":2,"a":3}'),
    status: 200,
  },
  {
    name: 'a batch twice, of which the last counts',
    body: `{"batch":[{"type":"nonsense"}],"batch":[{"type":"identify","messageId":"second","userId":"odd-body"}]}`,
    status: 200,
  },
  {
    name: '__proto__ and constructor as properties',
    body: event(
      'proto',
      '"traits":{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},"toString":"x"}',
    ),
    status: 200,
  },
  {
    name: '__proto__ and constructor as fields',
    body: event('proto-field', '"__proto__":{"type":"track","userId":"other"},"constructor":1,"hasOwnProperty":1'),
    status: 200,
  },
  { name: '__proto__ as the body', body: '{"__proto__":{"batch":[]}}', status: 400, code: 'event.invalid' },
  {
    name: 'lone surrogates in names and values',
    body: event('surrogates', '"traits":{"\\ud800":"\\udfff","a\\udc00":1}'),
    status: 200,
  },
  { name: 'NUL in names and values', body: event('nul', '"traits":{"a\\u0000b":"\\u0000"}'), status: 200 },
  { name: 'a raw NUL', body: event('raw-nul', '"traits":{"a":"\u0000"}'), status: 400, code: 'event.invalid-json' },
  { name: '1e999', body: event('1e999', '"traits":{"a":1e999,"b":-1e999}'), status: 200 },
  {
    name: '2^63 and beyond',
    body: event('2^63', `"traits":{"a":9223372036854775808,"b":-9223372036854775809,"c":1${'0'.repeat(400)}}`),
    status: 200,
  },
  { name: 'a number of 30,000 digits', body: event('digits', `"traits":{"a":${'9'.repeat(30_000)}}`), status: 200 },
  {
    name: 'a gzip bomb of 100 MB',
    body: gzipSync(Buffer.alloc(100 * MEGABYTE)),
    headers: GZIP,
    status: 400,
    code: 'event.too-large',
  },
  {
    name: 'a deflate bomb of 100 MB',
    body: deflateSync(Buffer.alloc(100 * MEGABYTE)),
    headers: { 'content-encoding': 'deflate' },
    status: 400,
    code: 'event.too-large',
  },
  {
    name: "a gzip bomb of 100 MB at the partners' endpoint",
    body: gzipSync(Buffer.alloc(100 * MEGABYTE)),
    path: '/segment',
    headers: GZIP,
    status: 400,
    code: 'event.too-large',
  },
  {
    name: 'a bomb in an encoding that is not spoken',
    body: brotliCompressSync(Buffer.alloc(10 * MEGABYTE)),
    headers: { 'content-encoding': 'br' },
    status: 415,
    code: 'request.encoding',
  },
  { name: 'gzip within gzip', body: gzipSync(gzipSync('{}')), headers: GZIP, status: 400, code: 'event.invalid-json' },
  {
    name: 'gzip that is cut off',
    body: gzipSync('{"batch":[]}').subarray(0, 12),
    headers: GZIP,
    status: 415,
    code: 'request.encoding',
  },
  { name: 'gzip that is none', body: '{"batch":[]}', headers: GZIP, status: 415, code: 'request.encoding' },
  {
    name: 'an encoding twice',
    body: '{}',
    headers: { 'content-encoding': 'gzip, gzip' },
    status: 415,
    code: 'request.encoding',
  },
  { name: 'a path that cannot be decoded', body: '{}', path: '/v1/%zz', status: 400 },
  { name: 'a path with dots', body: '{}', path: '/v1/..%2f..%2fbatch', status: 404 },
  { name: 'a path of 10 KB', body: '{}', path: `/${'a'.repeat(10_000)}`, status: 404 },
  { name: 'a webhook for __proto__', body: '{}', path: '/webhook/__proto__', status: 401 },
  {
    name: 'a signature of the wrong length',
    body: '{}',
    path: '/webhook/victim',
    headers: { 'x-signature': 'ff', authorization: 'x' },
    status: 401,
  },
];

/** Whole requests as bytes. `%KEY%` stands for the Authorization header's value. */
export interface RawCase {
  readonly name: string;
  readonly parts: readonly string[];
  /** Any of these; 0 is a connection closed without an answer, as for a sender that went away itself. */
  readonly statuses: readonly number[];
  readonly end?: boolean;
  /** What the answer must hold, head and body. */
  readonly shows?: readonly RegExp[];
  /** What must not come back. */
  readonly hides?: RegExp;
}

export const HEAD = 'POST /v1/batch HTTP/1.1\r\nHost: x\r\nAuthorization: %KEY%\r\n';

export const rawCases: readonly RawCase[] = [
  { name: 'no HTTP', parts: ['\u0000\u0001\u0002banana\r\n\r\n'], statuses: [400] },
  { name: 'a TLS handshake', parts: ['\u0016\u0003\u0001\u0002\u0000\u0001\u0000'], statuses: [400] },
  // 0: closed. What is still being sent when the answer comes resets the connection, and the answer may be lost with
  // it.
  { name: 'a header of 1 MB', parts: [HEAD, `X-Big: ${'x'.repeat(1_000_000)}\r\n\r\n`], statuses: [0, 431] },
  { name: '100,000 headers', parts: [HEAD, 'X-A: b\r\n'.repeat(100_000), '\r\n'], statuses: [0, 431] },
  { name: 'a request line without an end', parts: [`POST /${'a'.repeat(500_000)}`], statuses: [0, 414, 431, 400] },
  { name: 'two lengths', parts: [`${HEAD}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`], statuses: [400] },
  {
    name: 'a length and chunks',
    parts: [`${HEAD}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`],
    statuses: [400],
  },
  { name: 'a negative length', parts: [`${HEAD}Content-Length: -1\r\n\r\n{}`], statuses: [400] },
  {
    name: 'a length past all bounds',
    parts: [`${HEAD}Content-Length: 99999999999999999999\r\n\r\n{}`],
    statuses: [400],
  },
  { name: 'a length of a terabyte', parts: [`${HEAD}Content-Length: 1000000000000\r\n\r\n{}`], statuses: [400] },
  {
    name: 'a chunk size past all bounds',
    parts: [`${HEAD}Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n{}`],
    statuses: [400, 0],
  },
  {
    name: 'chunks of a byte with extensions',
    parts: [`${HEAD}Transfer-Encoding: chunked\r\n\r\n`, `1;${'a'.repeat(20_000)}\r\n{\r\n`],
    statuses: [413, 431, 400, 0],
  },
  { name: 'half a head', parts: [HEAD], statuses: [400, 0], end: true },
  { name: 'half a body', parts: [`${HEAD}Content-Length: 1000\r\n\r\n{"batch":[`], statuses: [400, 0], end: true },
  {
    name: 'CR LF in a header value',
    parts: [`${HEAD}Traceparent: a\rX: b\r\nContent-Length: 2\r\n\r\n{}`],
    statuses: [400],
  },
  {
    name: 'a request to go on with',
    parts: [`${HEAD}Expect: 100-continue\r\nContent-Length: 2000000\r\n\r\n`],
    statuses: [400, 100],
  },
];

/** Ids that a URL, a header or a log would take for something else. */
export const oddIds: readonly string[] = [
  '.',
  '..',
  'a/b',
  '../accounts/a',
  '?x',
  'a?occurredAt=2030-01-01T00:00:00Z',
  '#x',
  '%2e%2e',
  '%',
  'a\r\nIdempotency-Key: "x"\r\n\r\n',
  'a\u0000b',
  '\u{1F600}',
  '\u{1F468}\u200D\u{1F469}',
  '__proto__',
  'constructor',
  '"; DROP TABLE users; --',
  '9223372036854775808',
  '\u202Eabc',
];
export const LONG_ID = 'x'.repeat(10_240);
/** Avro and URLs hold well-formed text only. */
export const LONE_SURROGATE = '\ud800lone';
