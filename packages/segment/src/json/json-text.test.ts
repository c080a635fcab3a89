import assert from 'node:assert/strict';
import { test } from 'node:test';
import { measureValue, readElements, readMembers, spliceText, type MeasuredSpan } from './json-text.ts';

const bytesOf = (text: string) => Buffer.from(text, 'utf8');

test('a value is measured by its bytes, its depth and all members of its objects', () => {
  const bytes = bytesOf('{"a":{"b":[1,{"c":"é"}]},"d":null} ');
  assert.deepEqual(measureValue(bytes, 0), { start: 0, end: bytes.length - 1, depth: 4, members: 4 });
});

test('brackets, commas and colons inside strings are text', () => {
  const bytes = bytesOf('["]}:,{[","\\"]"]');
  assert.deepEqual(measureValue(bytes, 0), { start: 0, end: bytes.length, depth: 1, members: 0 });
});

test('elements come in order, with the whitespace between them left out', () => {
  const bytes = bytesOf('[ {"a":1} ,\n"b", 3 , [] ]');
  const elements: MeasuredSpan[] = [];
  assert.equal(readElements(bytes, 0, elements), bytes.length);
  assert.deepEqual(
    elements.map(({ start, end }) => bytes.toString('utf8', start, end)),
    ['{"a":1}', '"b"', '3', '[]'],
  );
});

test('the last of a repeated member name counts, with escapes resolved', () => {
  const bytes = bytesOf('{"a":1,"\\u0061":2}');
  const members = readMembers(bytes, 0);
  assert.deepEqual([...members.keys()], ['a']);
  assert.equal(members.get('a')?.start, 16);
});

test('text is spliced in and replaced, and every other byte is kept', () => {
  const bytes = bytesOf('xx{"é":null }yy');
  const start = 2;
  const end = bytes.length - 2;
  const member = readMembers(bytes, start).get('é');
  assert.ok(member);
  const edits = [
    { start: member.start, end: member.end, text: '"ü"' },
    { start: end - 1, end: end - 1, text: ',"b":1' },
  ];
  assert.equal(spliceText(bytes, { start, end }, edits).toString('utf8'), '{"é":"ü" ,"b":1}');
});

test('without edits the span is copied, so that the request need not be kept for it', () => {
  const bytes = bytesOf('{"a":1}');
  const copy = spliceText(bytes, { start: 0, end: bytes.length }, []);
  bytes.fill(0);
  assert.equal(copy.toString('utf8'), '{"a":1}');
});
