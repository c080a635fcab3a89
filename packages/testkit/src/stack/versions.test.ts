import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { APICURIO_VERSION, KAFKA_VERSION } from './versions.ts';

test('the JVM way and the container way run the same versions', async () => {
  const pom = await readFile(new URL('../../pom.xml', import.meta.url), 'utf8');
  const property = (name: string): string | undefined => new RegExp(`<${name}>([^<]+)</${name}>`).exec(pom)?.[1];
  assert.equal(property('kafka.version'), KAFKA_VERSION);
  assert.equal(property('apicurio.version'), APICURIO_VERSION);
});
