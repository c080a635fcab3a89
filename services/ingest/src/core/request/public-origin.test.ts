import assert from 'node:assert/strict';
import { test } from 'node:test';
import { publicOrigin, type OriginHints, type PublicOrigin } from './public-origin.ts';

type Case = readonly [hints: Partial<OriginHints>, origin: PublicOrigin | undefined];

const cases: Readonly<Record<string, Case>> = {
  'a host on the network tells no protocol': [
    { host: 'events.example.com' },
    { host: 'events.example.com', protocol: undefined },
  ],
  'X-Forwarded-Proto is not believed without a trusted proxy': [
    { host: 'events.example.com', forwardedProto: 'http' },
    { host: 'events.example.com', protocol: undefined },
  ],
  'X-Forwarded-Proto of a trusted proxy is': [
    { host: 'events.example.com:8443', forwardedProto: 'https', trustedProxies: 1 },
    { host: 'events.example.com:8443', protocol: 'https' },
  ],
  'of several entries the one of the outermost trusted proxy counts': [
    { host: 'e.example', forwardedProto: 'http, https, http', trustedProxies: 2 },
    { host: 'e.example', protocol: 'https' },
  ],
  'a single entry counts where several proxies are trusted, since most write over it': [
    { host: 'e.example', forwardedProto: 'HTTPS', trustedProxies: 3 },
    { host: 'e.example', protocol: 'https' },
  ],
  'a protocol that browsers do not speak is none': [
    { host: 'e.example', forwardedProto: 'javascript', trustedProxies: 1 },
    { host: 'e.example', protocol: undefined },
  ],
  "the client's own machine is reached by http": [
    { host: 'localhost:3100' },
    { host: 'localhost:3100', protocol: 'http' },
  ],
  'a trusted proxy there may say otherwise': [
    { host: '127.0.0.1:3100', forwardedProto: 'https', trustedProxies: 1 },
    { host: '127.0.0.1:3100', protocol: 'https' },
  ],
  'the public URL beats all of it': [
    { publicUrl: 'https://events.example.com', host: 'localhost', forwardedProto: 'http', trustedProxies: 1 },
    { host: 'events.example.com', protocol: 'https' },
  ],
  'a public URL may have a port and a path': [
    { publicUrl: 'http://example.com:8080/collect', host: 'inner' },
    { host: 'example.com:8080/collect', protocol: 'http' },
  ],
  'no origin without a host': [{ host: '' }, undefined],
  'no origin from an invalid host': [{ host: 'a/b' }, undefined],
};

for (const [name, [hints, origin]] of Object.entries(cases)) {
  test(name, () => {
    const absent = { publicUrl: undefined, host: undefined, forwardedProto: undefined, trustedProxies: 0 };
    assert.deepEqual(publicOrigin({ ...absent, ...hints }), origin);
  });
}
