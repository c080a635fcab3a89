import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { PodSpec } from '../chart/manifests.ts';
import { mountVolumes } from './mounted-files.ts';

const spec: PodSpec = {
  securityContext: {},
  containers: [
    {
      name: 'dispatcher',
      env: [],
      securityContext: {},
      volumeMounts: [
        { name: 'connectors', mountPath: '/etc/astrolabe' },
        { name: 'secrets', mountPath: '/etc/astrolabe-secrets' },
        { name: 'data', mountPath: '/data' },
      ],
    },
  ],
  volumes: [
    { name: 'connectors', secret: { secretName: 'connectors' } },
    {
      name: 'secrets',
      projected: { sources: [{ secret: { name: 'ca', items: [{ key: 'ca.pem', path: 'kafka/ca.crt' }] } }] },
    },
    { name: 'data', emptyDir: {} },
  ],
};
const secrets = new Map([
  ['connectors', { 'connectors.json': '{}', 'acme-key': 'first' }],
  ['ca', { 'ca.pem': 'authority' }],
]);

test('a Secret is files, as the manifests name them, and a change of it is all of them at once', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'mounted-files-'));
  t.after(() => rmSync(root, { recursive: true }));
  await mountVolumes(spec, root, secrets);
  const read = (path: string): string => readFileSync(join(root, path), 'utf8');
  assert.deepEqual(
    ['etc/astrolabe/connectors.json', 'etc/astrolabe/acme-key', 'etc/astrolabe-secrets/kafka/ca.crt'].map(read),
    ['{}', 'first', 'authority'],
  );
  assert.deepEqual(readdirSync(join(root, 'data')), []);

  await mountVolumes(
    spec,
    root,
    new Map([...secrets, ['connectors', { 'connectors.json': '{}', 'acme-key': 'second' }]]),
  );
  assert.equal(read('etc/astrolabe/acme-key'), 'second');
  // The link, the files behind it and the names that lead there: nothing is left of those before.
  assert.equal(readdirSync(join(root, 'etc/astrolabe')).length, 4);
});

test('a Secret or a key that is not there is refused', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'mounted-files-'));
  t.after(() => rmSync(root, { recursive: true }));
  await assert.rejects(mountVolumes(spec, root, new Map([['connectors', {}]])), /ca\.pem of the Secret ca/);
});
