import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseEmailDomain } from './email-domain.ts';

test('every notation of a domain gives its normal form', () => {
  for (const [text, domain] of [
    ['gmail.com', 'gmail.com'],
    ['GMail.COM', 'gmail.com'],
    ['gmail.com.', 'gmail.com'],
    ['mail.acme.co.uk', 'mail.acme.co.uk'],
    ['163.com', '163.com'],
    ['müll.email', 'xn--mll-hoa.email'],
    ['MÜLL.email.', 'xn--mll-hoa.email'],
    ['xn--mll-hoa.email', 'xn--mll-hoa.email'],
    ['XN--MLL-HOA.email', 'xn--mll-hoa.email'],
    ['例え.テスト', 'xn--r8jz45g.xn--zckzah'],
    ['gmail。com', 'gmail.com'],
    ['ｇｍａｉｌ.com', 'gmail.com'],
    ['gmail.com\u200b', 'gmail.com'],
  ] as const) {
    assert.equal(parseEmailDomain(text), domain, text);
  }
});

test('text that is not a domain is undefined', () => {
  for (const text of [
    '',
    '.',
    'com',
    'localhost',
    '.com',
    'a.3com',
    'a..com',
    'gmail.com..',
    '-a.com',
    'a-.com',
    'a b.com',
    ' gmail.com',
    '@gmail.com',
    'gm%61il.com',
    'gmail.com:25',
    'gmail.com/x',
    '1.2.3.4',
    '[1.2.3.4]',
    '１.２',
    'ａ％62.com ',
    '\ud800.com',
    `${'a'.repeat(64)}.com`,
    `ü.${'a'.repeat(64)}.com`,
    'a.'.repeat(126) + 'com',
  ]) {
    assert.equal(parseEmailDomain(text), undefined, text);
  }
  assert.notEqual(parseEmailDomain('a.'.repeat(125) + 'com'), undefined, 'the longest');
});
