import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseExport } from './edited-export.ts';

function deadLettersIn(text: string) {
  const parsed = parseExport(text);
  return parsed.kind === 'dead-letters' ? parsed.deadLetters : assert.fail(parsed.reason);
}

test('an export is read back with the exact text of its values', () => {
  const text = [
    '{"position":"p.segment.events.dlq.v1:3:41","code":"event.invalid", "event": {"n":12345678901234567890, "x":1.50} }',
    '',
    '{"position":"commands:0:7","command":{"kind":"UpsertUser"}}',
    '{"position":"events:0:8","text":"{not json"}',
    '{"position":"events:0:9","base64":"AA=="}',
  ].join('\n');
  assert.deepEqual(
    deadLettersIn(text).map(({ line, topic, partition, offset, value }) => [line, topic, partition, offset, value]),
    [
      [1, 'p.segment.events.dlq.v1', 3, 41n, { kind: 'event', text: '{"n":12345678901234567890, "x":1.50}' }],
      [3, 'commands', 0, 7n, { kind: 'command', text: '{"kind":"UpsertUser"}' }],
      [4, 'events', 0, 8n, { kind: 'text', text: '{not json' }],
      [5, 'events', 0, 9n, undefined],
    ],
  );
});

test('a byte order mark is not part of a line, wherever files were joined', () => {
  const line = (offset: number) => `{"position":"events:0:${offset}","event":{"userId":"u1"}}`;
  assert.deepEqual(
    deadLettersIn(`\ufeff${line(1)}\n\ufeff${line(2)}\r\n`).map(({ offset, value }) => [offset, value?.text]),
    [
      [1n, '{"userId":"u1"}'],
      [2n, '{"userId":"u1"}'],
    ],
  );
});

test('a line without a dead letter, or one that comes twice, is refused by its number', () => {
  const cases: readonly (readonly [string, number, RegExp])[] = [
    ['{"position":"events:0:1"}\n{"position"', 2, /not JSON/],
    ['[]', 1, /not a JSON object/],
    ['{"event":{}}', 1, /it has no "position"/],
    ['{"position":"events:0:1"}\n\n{"position":"events:0:1"}', 3, /is on line 1 already/],
  ];
  for (const [text, line, reason] of cases) {
    const parsed = parseExport(text);
    assert.ok(parsed.kind === 'invalid');
    assert.equal(parsed.line, line);
    assert.match(parsed.reason, reason);
  }
});
