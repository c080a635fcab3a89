import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildTemplate, writeMessageIds } from './requests.ts';

const common = { host: 'h', writeKey: 'k', sender: 3 };
const bodyOf = (bytes: Buffer) => JSON.parse(bytes.subarray(bytes.indexOf('\r\n\r\n') + 4).toString());

test('a batch holds events of about 350 bytes, each with a message id of its own after they are written', () => {
  const template = buildTemplate({ ...common, path: '/v1/batch', events: 100, isBatch: true });
  writeMessageIds(template, 98_765);
  const { batch } = bodyOf(template.bytes) as { batch: { messageId: string; userId: string }[] };
  assert.deepEqual(
    batch.map(({ messageId }) => Number(messageId.replace('bench-', ''))),
    Array.from({ length: 100 }, (_, index) => 98_765 + index),
  );
  assert.equal(new Set(batch.map(({ userId }) => userId)).size, 100);
  const meanBytes = JSON.stringify(batch).length / batch.length;
  assert.ok(meanBytes > 330 && meanBytes < 370, String(meanBytes));
});

test('a single event comes without an envelope, and its length is announced', () => {
  const { bytes, idOffsets } = buildTemplate({ ...common, path: '/v1/track', events: 1, isBatch: false });
  assert.equal(idOffsets.length, 1);
  const text = bytes.toString();
  const [head = '', body = ''] = text.split('\r\n\r\n');
  assert.match(head, /^POST \/v1\/track HTTP\/1\.1\r\nhost: h\r\n/);
  assert.ok(head.includes(`content-length: ${Buffer.byteLength(body)}`));
  assert.equal(bodyOf(bytes).type, 'track');
});
