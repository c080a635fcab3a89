import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePasswordHash } from './core/password-line.ts';
import { hashPassword, isPassword } from './password.ts';

test('a hashed password is recognised, and no other', async () => {
  const known = parsePasswordHash(await hashPassword('Zwölf Möwen'));
  assert.ok(known !== undefined);
  assert.equal(await isPassword('Zwölf Möwen'.normalize('NFD'), known), true);
  for (const other of ['zwölf Möwen', 'Zwölf Möwen ', '']) assert.equal(await isPassword(other, known), false);
});

test('two hashes of one password differ', async () => {
  assert.notEqual(await hashPassword('x'), await hashPassword('x'));
});

test('a hash that another program made is read: the vector of RFC 7914 for N 16384, r 8, p 1', async () => {
  const salt = Buffer.from('SodiumChloride').toString('base64').replace(/=+$/, '');
  const hash = Buffer.from(
    '7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887',
    'hex',
  )
    .toString('base64')
    .replace(/=+$/, '');
  const known = parsePasswordHash(`$scrypt$ln=14,r=8,p=1$${salt}$${hash}`);
  assert.ok(known !== undefined);
  assert.equal(await isPassword('pleaseletmein', known), true);
});

test('text that is not a hash, and one that would take minutes or gigabytes, is not read', () => {
  const end = `$${'A'.repeat(22)}$${'A'.repeat(43)}`;
  assert.ok(parsePasswordHash(`$scrypt$ln=15,r=8,p=3${end}`));
  for (const text of [
    'secret',
    '',
    `$scrypt$ln=9,r=8,p=1${end}`,
    `$scrypt$ln=20,r=32,p=1${end}`,
    `$scrypt$ln=15,r=8,p=17${end}`,
    `$argon2id$ln=15,r=8,p=1${end}`,
    `$scrypt$ln=15,r=8,p=1$$`,
  ]) {
    assert.equal(parsePasswordHash(text), undefined, text);
  }
});
