import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import '../../index.ts';

interface ResponseCodec {
  decode(bytes: Buffer): Promise<object>;
  parse(answer: object): Promise<object>;
}
const require = createRequire(import.meta.url);
const SASL_AUTHENTICATION_FAILED = 58;

function answer(errorCode: number, message: string): Buffer {
  const head = Buffer.alloc(4);
  head.writeInt16BE(errorCode);
  head.writeInt16BE(message.length, 2);
  // No bytes of the mechanism, and a session without an end.
  return Buffer.concat([head, Buffer.from(message), Buffer.alloc(4), Buffer.alloc(8)]);
}

for (const version of ['v0', 'v1']) {
  test(`what a broker says of a refused log-in is not repeated, since it may hold the password (${version})`, async () => {
    const codec = require(`kafkajs/src/protocol/requests/saslAuthenticate/${version}/response`) as ResponseCodec;
    const refused = await codec.decode(answer(SASL_AUTHENTICATION_FAILED, 'no user with password s3cret'));
    await assert.rejects(codec.parse(refused), (error: Error & { readonly type?: string }) => {
      assert.equal(error.type, 'SASL_AUTHENTICATION_FAILED');
      assert.ok(!error.message.includes('s3cret'), error.message);
      return true;
    });
    await codec.parse(await codec.decode(answer(0, '')));
  });
}
