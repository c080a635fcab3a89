import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Container } from '../chart/manifests.ts';
import { environmentIn, type PodPlace } from './pod-environment.ts';

const place: PodPlace = {
  podName: 'astrolabe-mapper-0',
  address: '127.1.2.3',
  root: '/tmp/pods/astrolabe-mapper-0',
  secrets: new Map([['registry', { username: 'reader' }]]),
};

function container(env: Container['env']): Container {
  const volumeMounts = [
    { name: 'secrets', mountPath: '/etc/astrolabe-secrets' },
    { name: 'data', mountPath: '/data' },
  ];
  return { name: 'mapper', env, volumeMounts, securityContext: {} };
}

test('paths lie below the folder of the pod where something is mounted, and its address is every address', () => {
  const env = [
    { name: 'CA', value: '/etc/astrolabe-secrets/kafka/ca.crt' },
    { name: 'DATA', value: '/data' },
    { name: 'OTHER', value: '/database' },
    { name: 'HOST', value: '0.0.0.0' },
  ];
  assert.deepEqual(environmentIn(container(env), place), {
    CA: '/tmp/pods/astrolabe-mapper-0/etc/astrolabe-secrets/kafka/ca.crt',
    DATA: '/tmp/pods/astrolabe-mapper-0/data',
    OTHER: '/database',
    HOST: '127.1.2.3',
  });
});

test('a Service in a URL is the pod behind it, and any other host stays', () => {
  const services = new Map([['astrolabe-mapper-admin', '127.1.2.4']]);
  const env = [{ name: 'URLS', value: 'http://astrolabe-mapper-admin:9464,http://registry:8080/apis' }];
  assert.deepEqual(environmentIn(container(env), { ...place, services }), {
    URLS: 'http://127.1.2.4:9464,http://registry:8080/apis',
  });
});

test('what comes from the pod or from a Secret is filled in', () => {
  const env = [
    { name: 'INSTANCE', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    { name: 'USER', valueFrom: { secretKeyRef: { name: 'registry', key: 'username' } } },
  ];
  assert.deepEqual(environmentIn(container(env), place), { INSTANCE: 'astrolabe-mapper-0', USER: 'reader' });
});

test('a variable from a Secret, a key or a place that is not there is refused', () => {
  for (const valueFrom of [
    { secretKeyRef: { name: 'registry', key: 'password' } },
    { secretKeyRef: { name: 'other', key: 'username' } },
    { fieldRef: { fieldPath: 'status.hostIP' } },
  ]) {
    assert.throws(() => environmentIn(container([{ name: 'X', valueFrom }]), place), /registry|other|hostIP/);
  }
});
