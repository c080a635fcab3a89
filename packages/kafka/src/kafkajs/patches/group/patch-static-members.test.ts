import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadPatched } from '../../../testing/original-kafkajs.ts';
import { nameMember } from './patch-static-members.ts';

interface Sent {
  readonly request: { readonly apiName: string; readonly apiVersion: number; encode(): Promise<{ buffer: Buffer }> };
}
type Method = (args: object) => Promise<unknown>;
type Broker = Record<'joinGroup' | 'syncGroup' | 'heartbeat' | 'leaveGroup', Method> & { lookupRequest: unknown };

const silent = () => undefined;
const logger = { debug: silent, info: silent, warn: silent, error: silent, namespace: (): object => logger };

function createBroker() {
  const sent: Sent[] = [];
  const Broker = loadPatched<new (options: object) => Broker>('broker');
  const { requests, lookup } = loadPatched<{ requests: object; lookup(versions: object): unknown }>(
    'protocol/requests',
  );
  const connectionPool = { connectionTimeout: 1, send: async (request: Sent) => void sent.push(request) };
  const broker = new Broker({ connectionPool, logger });
  const all = Object.fromEntries(Array.from({ length: 50 }, (_, key) => [key, { minVersion: 0, maxVersion: 9 }]));
  broker.lookupRequest = lookup(all);
  assert.ok(requests);
  return { broker, sent };
}

const member = { groupId: 'g', memberId: 'm', generationId: 1, groupGenerationId: 1 };
const requests: readonly (readonly [keyof Broker, object])[] = [
  ['joinGroup', { ...member, sessionTimeout: 1, rebalanceTimeout: 1, groupProtocols: [] }],
  ['syncGroup', { ...member, groupAssignment: [] }],
  ['heartbeat', member],
  ['leaveGroup', member],
];

test('every request of a member that has a name tells it to the coordinator of its group', async () => {
  const { broker, sent } = createBroker();
  nameMember(broker, 'mapper-0');
  for (const [method, args] of requests) await (broker[method] as Method)(args);
  const versions = sent.map(({ request: { apiName, apiVersion } }) => `${apiName} ${apiVersion}`);
  assert.deepEqual(versions, ['JoinGroup 5', 'SyncGroup 3', 'Heartbeat 3', 'LeaveGroup 3']);
  for (const { request } of sent) {
    assert.ok((await request.encode()).buffer.includes('mapper-0'), request.apiName);
  }
});

test('the requests of a member without a name are those of kafkajs, and name nobody', async () => {
  const { broker, sent } = createBroker();
  nameMember(broker, 'mapper-0');
  nameMember(broker, undefined);
  for (const [method, args] of requests) await (broker[method] as Method)(args);
  assert.equal(sent.length, requests.length);
  for (const { request } of sent) {
    assert.ok(!(await request.encode()).buffer.includes('mapper-0'), request.apiName);
  }
});
