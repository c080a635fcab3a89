import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createFreeEmailRules, emailDomainOf } from './free-email.ts';

const DOMAIN = /^(?:[a-z0-9-]{1,63}\.)+[a-z0-9-]{1,63}$/;
/** Near misses are likelier than in any text. */
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom('@', '.', '<', '>', '"', 'a', 'ü', '。', '-', '%', ' ', '\ud800', '1', '\u200b') }),
);
const domain = fc.domain().filter((each) => each.length <= 253);
const local = fc.stringMatching(/^[a-z0-9.+_-]{1,20}$/);

test('any text has a domain in normal form, or none', () => {
  fc.assert(
    fc.property(text, (each) => {
      const found = emailDomainOf(each);
      if (found === undefined) return;
      assert.match(found, DOMAIN);
      assert.equal(emailDomainOf(`x@${found}`), found);
    }),
  );
});

test('case, surrounding blanks, a final dot and a name before the address make no difference', () => {
  fc.assert(
    fc.property(local, domain, (before, after) => {
      const found = emailDomainOf(`${before}@${after}`);
      assert.equal(found, after.toLowerCase());
      for (const same of [
        `${before}@${after}`.toUpperCase(),
        ` ${before}@${after}\t`,
        `${before}@${after}.`,
        `"${before}@"@${after}`,
        `Ann <${before}@${after}>`,
      ]) {
        assert.equal(emailDomainOf(same), found, same);
      }
    }),
  );
});

test('a subdomain is treated like the nearest domain above it with an entry', () => {
  const label = fc.constantFrom('a', 'b', 'c');
  const name = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'));
  fc.assert(
    fc.property(fc.dictionary(name, fc.constantFrom('free', 'allowed', 'denied')), name, (entries, asked) => {
      const named = (kind: string) => Object.keys(entries).filter((each) => entries[each] === kind);
      const { isFree } = createFreeEmailRules(
        { freeEmailProviders: 'block', allowedEmailDomains: named('allowed'), deniedEmailDomains: named('denied') },
        new Set(named('free')),
      );
      const nearest = Object.keys(entries)
        .filter((each) => asked === each || asked.endsWith(`.${each}`))
        .sort((one, other) => other.length - one.length)[0];
      assert.equal(isFree(asked), nearest !== undefined && entries[nearest] !== 'allowed');
    }),
  );
});
