import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allowedHeaders, validOrigin } from './requested-headers.ts';

const requests: Readonly<Record<string, readonly [requested: string | undefined, allowed: string | RegExp]>> = {
  'tracing and CSRF': [
    'x-csrf-token,sentry-trace,baggage,tracestate',
    'x-csrf-token, sentry-trace, baggage, tracestate',
  ],
  "RudderStack's": ['anonymousid,authorization,sentat,rsa-version', 'anonymousid, authorization, sentat, rsa-version'],
  'names in capitals and with blanks': [' X-One , X-Two', 'x-one, x-two'],
  'no question': [undefined, /^authorization, content-type,/],
  'an empty question': ['', /^authorization, content-type,/],
  'names that are none': ['x-good, bad name, b@d, \u00fc, *', 'x-good, *'],
  'a name without end': [`x-good,${'a'.repeat(5_000)}`, 'x-good'],
  'a thousand names': [
    Array.from({ length: 1_000 }, (_, index) => `x-${index}`).join(','),
    Array.from({ length: 64 }, (_, index) => `x-${index}`).join(', '),
  ],
};

for (const [name, [requested, allowed]] of Object.entries(requests)) {
  test(`a preflight that asks for ${name} is answered with what may be sent`, () => {
    const answered = allowedHeaders(requested);
    if (typeof allowed === 'string') assert.equal(answered, allowed);
    else assert.match(answered, allowed);
  });
}

for (const origin of [
  'https://shop.example',
  'http://localhost:3000',
  'null',
  'capacitor://localhost',
  'http://[::1]:80',
]) {
  test(`the origin ${origin} is echoed`, () => {
    assert.equal(validOrigin(origin), origin);
  });
}

for (const origin of [
  undefined,
  '',
  'shop.example',
  'https://a, https://b',
  'https://a/b',
  `https://${'a'.repeat(600)}`,
]) {
  test(`the origin ${String(origin).slice(0, 30)} is not`, () => {
    assert.equal(validOrigin(origin), undefined);
  });
}
