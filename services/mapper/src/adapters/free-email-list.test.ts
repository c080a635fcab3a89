import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFreeEmailRules } from '../core/free-email.ts';
import { freeEmailList } from './free-email-list.ts';

const { isFree } = createFreeEmailRules({ freeEmailProviders: 'block' }, freeEmailList.domains);

test('the list tells its version', () => {
  assert.match(freeEmailList.version, /^email-providers \d+\.\d+\.\d+$/);
  assert.ok(freeEmailList.domains.size > 8_000, String(freeEmailList.domains.size));
});

test('providers of many countries and throw-away addresses are free', () => {
  const free =
    'gmail.com googlemail.com outlook.com yahoo.co.jp icloud.com proton.me gmx.de web.de qq.com 163.com naver.com';
  for (const domain of `${free} mail.ru hey.com privaterelay.appleid.com mailinator.com xn--mll-hoa.email`.split(' ')) {
    assert.ok(isFree(domain), domain);
  }
});

test('companies, reserved names and country registries are not free', () => {
  const reserved = 'example.com mail.example.com example.net example.org a.test a.invalid a.localhost a.example';
  const registries = 'com.ar acme.com.ar acme.co.uk acme.org.ua acme.msk.ru acme.web.id acme.za.com';
  for (const domain of `ibm.com google.com apple.com acme.com ${reserved} ${registries}`.split(' ')) {
    assert.ok(!isFree(domain), domain);
  }
});

test('no entry looks like a registry, in case a new version of the list adds one', () => {
  const secondLevel = /^(?:com?|net|org|edu|gov|gob|mil|ac|or|ne)\.[a-z]{2}$/;
  // Gave away subdomains to anybody for years, and registered nobody else.
  const known = ['co.cc'];
  assert.deepEqual(
    [...freeEmailList.domains].filter((domain) => secondLevel.test(domain)),
    known,
  );
});
