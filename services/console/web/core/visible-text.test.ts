import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cutText, visibleSegments, visibleText } from './visible-text.ts';

test('ordinary text of any language is left as it is', () => {
  for (const text of ['', 'plain', 'line\nline\ttab', 'Zoë, 例え, עברית, العربية', '😀 <b>&amp;</b>', '❤️ 👩‍💻 👩🏽‍💻']) {
    assert.equal(visibleText(text), text);
  }
});

test('what hides, turns or breaks text is shown by its code point', () => {
  assert.equal(visibleText('user\u202Egpj.exe'), 'user⟨U+202E⟩gpj.exe');
  assert.equal(
    visibleText('a\u200bb\ufeffc\u0000d\u2028e\u00adf\u0085'),
    'a⟨U+200B⟩b⟨U+FEFF⟩c⟨U+0000⟩d⟨U+2028⟩e⟨U+00AD⟩f⟨U+0085⟩',
  );
  assert.equal(visibleText('\ud800x\udc00'), '⟨U+D800⟩x⟨U+DC00⟩');
  assert.equal(visibleText('\u{e0041} a\u200db a\ufe0f'), '⟨U+E0041⟩ a⟨U+200D⟩b a⟨U+FE0F⟩');
  assert.deepEqual(visibleSegments('\u202e\x02\ud83d'), [
    { kind: 'mark', shown: 'U+202E', name: 'right-to-left override' },
    { kind: 'mark', shown: 'U+0002', name: 'control character' },
    { kind: 'mark', shown: 'U+D83D', name: 'half of a surrogate pair' },
  ]);
});

test('no character is lost and none that hides is left, whatever the text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const segments = visibleSegments(text);
      const back = segments
        .map((each) =>
          each.kind === 'plain' ? each.text : String.fromCodePoint(Number.parseInt(each.shown.slice(2), 16)),
        )
        .join('');
      assert.equal(back, text);
      for (const each of segments) {
        if (each.kind === 'plain') assert.doesNotMatch(each.text, /[\u202a-\u202e\u2066-\u2069]|\p{Surrogate}/u);
      }
    }),
  );
});

test('a cut keeps pairs together', () => {
  assert.equal(cutText('ab😀', 3), 'ab');
  assert.equal(cutText('ab😀', 4), 'ab😀');
  assert.equal(cutText('abc', 2), 'ab');
});
