/** Requests with a hand in them of a page, an e-mail or a proxy, and what ingest must answer. */
import { HEAD, type RawCase } from './request-cases.ts';

/**
 * Where a browser, an e-mail or a proxy stands between the sender and ingest, and somebody has a hand in what these
 * send.
 */
const PAGE = 'Origin: https://page.example\r\n';
const readable = [/^access-control-allow-origin: https:\/\/page\.example\r$/im, /^vary: .*origin/im];
const readableWithCredentials = [...readable, /^access-control-allow-credentials: true\r$/im];
const get = (path: string, headers = ''): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`;
const preflight = (headers: string): string =>
  `OPTIONS /v1/batch HTTP/1.1\r\nHost: x\r\n${PAGE}Access-Control-Request-Method: POST\r\n${headers}\r\n`;
const webhook = (connector: string, headers: string, body = '{}'): string =>
  `POST /webhook/${connector} HTTP/1.1\r\nHost: x\r\n${headers}Content-Length: ${body.length}\r\n\r\n${body}`;
const image = [/^content-type: image\/gif\r$/im, /^cache-control: no-store/im, /GIF89a/];
const pixelOf = (event: string): string => `/v1/pixel/track?data=${Buffer.from(event).toString('base64url')}`;
const unproven = [/neither a key of the connector that its path names.*nor in X-Signature/];
const signature = `X-Signature: ${'0'.repeat(40)}\r\n`;
const settings = '/v1/projects/%PAGE_KEY%/settings';

export const edgeCases: readonly RawCase[] = [
  {
    name: 'two Hosts',
    parts: ['POST /v1/batch HTTP/1.1\r\nHost: x\r\nHost: evil.example\r\nContent-Length: 2\r\n\r\n{}'],
    statuses: [400],
    shows: [/exactly one Host header; it has 2/],
    hides: /evil\.example/,
  },
  {
    name: 'a Host that is a URL',
    parts: [`GET ${settings} HTTP/1.1\r\nHost: evil.example/a?b=\r\n\r\n`],
    statuses: [400],
    hides: /evil\.example/,
  },
  {
    name: 'a page that asks for a path that does not exist, with credentials',
    parts: [get('/v1/nothing', PAGE)],
    statuses: [404],
    shows: readableWithCredentials,
  },
  {
    name: 'a page whose key is wrong, with credentials',
    parts: [`POST /v1/batch HTTP/1.1\r\nHost: x\r\n${PAGE}Content-Length: 2\r\n\r\n{}`],
    statuses: [401],
    shows: readableWithCredentials,
  },
  {
    name: 'a page that sends what is not JSON, with credentials',
    parts: [`${HEAD}${PAGE}Content-Length: 1\r\n\r\n{`],
    statuses: [400],
    shows: readableWithCredentials,
  },
  {
    name: 'an Origin that would end its header',
    parts: [get('/v1/nothing', 'Origin: https://a.example, https://evil.example\r\n')],
    statuses: [404],
    shows: [/^access-control-allow-origin: \*\r$/im],
    hides: /evil\.example|allow-credentials/i,
  },
  {
    name: 'a preflight for headers of the page',
    parts: [preflight('Access-Control-Request-Headers: x-csrf-token,sentry-trace,baggage\r\n')],
    statuses: [200],
    shows: [...readableWithCredentials, /^access-control-allow-headers: x-csrf-token, sentry-trace, baggage\r$/im],
  },
  {
    name: 'a preflight for what are not names of headers',
    parts: [preflight('Access-Control-Request-Headers: x-good, <script>, a b, "x", \u00e4\r\n')],
    statuses: [200],
    shows: [/^access-control-allow-headers: x-good\r$/im],
    hides: /script/,
  },
  {
    name: 'a preflight for 4,000 headers',
    parts: [preflight(`Access-Control-Request-Headers: ${'x-a,'.repeat(3_999)}x-last\r\n`)],
    statuses: [200],
    hides: /x-last/,
  },
  { name: 'a pixel without anything', parts: [get('/v1/pixel/track')], statuses: [200], shows: image },
  { name: 'a pixel of broken escapes', parts: [get('/pixel/track?data=%%%&a=%ff%')], statuses: [200], shows: image },
  {
    name: 'a pixel that is not JSON',
    parts: [get('/v1/pixel/track?data=%7B%22a%22:nope%7D', 'Authorization: %KEY%\r\n')],
    statuses: [200],
    shows: image,
  },
  {
    name: 'a pixel that nests as deep as an address can be long',
    parts: [get(pixelOf(`{"writeKey":"nobody","properties":${'['.repeat(5_000)}${']'.repeat(5_000)}}`))],
    statuses: [200],
    shows: image,
  },
  {
    name: 'a pixel with a field of 5,000 levels',
    parts: [get(`/pixel/v1/track?writeKey=%WRITE_KEY%&userId=odd-body&event=E&${'a.'.repeat(5_000)}b=1`)],
    statuses: [200],
    shows: image,
  },
  {
    name: 'a pixel that means an object as its prototype',
    parts: [
      get(
        '/v1/pixel/track?writeKey=%WRITE_KEY%&userId=odd-body&event=E&__proto__.polluted=1&constructor.prototype.b=1',
      ),
    ],
    statuses: [200],
    shows: image,
  },
  { name: 'a pixel of more than 16 KB', parts: [get(`/v1/pixel/track?data=${'a'.repeat(17_000)}`)], statuses: [431] },
  ...['victim', 'refused', 'nobody-has-this', '__proto__', '%00', '%2e%2e'].flatMap((connector): RawCase[] => [
    { name: `a webhook of ${connector}`, parts: [webhook(connector, '')], statuses: [401], shows: unproven },
    {
      name: `a webhook of ${connector} with a signature`,
      parts: [webhook(connector, signature)],
      statuses: [401],
      shows: unproven,
    },
    {
      name: `a webhook of ${connector} with a signature and a list`,
      parts: [webhook(connector, signature, '[{}]')],
      statuses: [401],
      shows: unproven,
    },
  ]),
  {
    name: 'settings by way of a Host that the client has forged',
    parts: [get(settings, 'X-Forwarded-Host: evil.example\r\nForwarded: host=evil.example\r\n')],
    statuses: [200],
    shows: [/"apiHost":"x\/v1"/],
    hides: /evil\.example/,
  },
  {
    name: 'settings by way of a protocol that is not one',
    parts: [get(settings, 'X-Forwarded-Proto: javascript\r\n')],
    statuses: [200],
    hides: /javascript|"protocol"/,
  },
];
