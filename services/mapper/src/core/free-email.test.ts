import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFreeEmailRules, emailDomainOf } from './free-email.ts';

test('the domain of an address is found in every notation', () => {
  for (const [text, domain] of [
    ['ann@gmail.com', 'gmail.com'],
    ['  Ann@GMail.COM\n', 'gmail.com'],
    ['ann@gmail.com.', 'gmail.com'],
    ['ann+news@mail.gmail.com', 'mail.gmail.com'],
    ['ann@müll.email', 'xn--mll-hoa.email'],
    ['ann@xn--mll-hoa.email', 'xn--mll-hoa.email'],
    ['änn@gmail.com', 'gmail.com'],
    ['"ann@acme.com"@gmail.com', 'gmail.com'],
    ['"ann smith"@gmail.com', 'gmail.com'],
    ['ann@acme@gmail.com', 'gmail.com'],
    ['Ann Smith <ann@gmail.com>', 'gmail.com'],
    ['"Smith, Ann" <ann@gmail.com>', 'gmail.com'],
    ['<ann@gmail.com>', 'gmail.com'],
  ] as const) {
    assert.equal(emailDomainOf(text), domain, text);
  }
});

test('text that is not an address has no domain', () => {
  for (const text of [
    '',
    'ann',
    'gmail.com',
    '@',
    'ann@',
    '@gmail.com',
    ' @gmail.com',
    '@ann',
    'ann@localhost',
    'ann@[192.0.2.1]',
    'ann@192.0.2.1',
    'ann@ gmail.com',
    'write to ann@gmail.com',
    'ann@acme.com, bob@gmail.com',
    'ann@gmail.com (Ann)',
    'Ann <ann@gmail.com',
    'ann@gmail.com>',
    'https://ann@gmail.com/',
    'mailto:ann@gmail.com',
    '>',
    '@>',
  ]) {
    assert.equal(emailDomainOf(text), undefined, text);
  }
});

const freeDomains = new Set(['gmail.com', 'privaterelay.appleid.com']);

test('a connector that blocks free providers blocks those of the list with their subdomains, and no others', () => {
  const { freeEmailProviders, isFree } = createFreeEmailRules({ freeEmailProviders: 'block' }, freeDomains);
  assert.equal(freeEmailProviders, 'block');
  for (const domain of ['gmail.com', 'mail.gmail.com', 'a.b.gmail.com']) assert.ok(isFree(domain), domain);
  for (const domain of ['acme.com', 'notgmail.com', 'gmail.com.acme.com', 'appleid.com', 'com', '']) {
    assert.ok(!isFree(domain), domain);
  }
});

test('a connector that allows free providers blocks no address', () => {
  const { freeEmailProviders, isFree } = createFreeEmailRules({ freeEmailProviders: 'allow' }, freeDomains);
  assert.equal(freeEmailProviders, 'allow');
  assert.ok(!isFree('gmail.com'));
});

test("a connector's own domains override the list, and the longest of them decides", () => {
  const { isFree } = createFreeEmailRules(
    {
      freeEmailProviders: 'block',
      allowedEmailDomains: ['gmail.com', 'appleid.com', 'eu.acme.com'],
      deniedEmailDomains: ['acme.com', 'spam.gmail.com'],
    },
    freeDomains,
  );
  for (const [domain, free] of [
    ['gmail.com', false],
    ['mail.gmail.com', false],
    ['spam.gmail.com', true],
    ['a.spam.gmail.com', true],
    ['appleid.com', false],
    ['privaterelay.appleid.com', true],
    ['acme.com', true],
    ['us.acme.com', true],
    ['eu.acme.com', false],
    ['a.eu.acme.com', false],
  ] as const) {
    assert.equal(isFree(domain), free, domain);
  }
});

test('a denied domain is blocked even if the connector allows free providers', () => {
  const { freeEmailProviders, isFree } = createFreeEmailRules(
    { freeEmailProviders: 'allow', deniedEmailDomains: ['acme.com'] },
    freeDomains,
  );
  assert.equal(freeEmailProviders, 'block');
  assert.ok(isFree('mail.acme.com'));
  assert.ok(!isFree('gmail.com'));
});
