import assert from 'node:assert/strict';
import { startLocalStack, type BrokerControl } from '@astrolabe/testkit';
import type { KafkaConnection } from '../connection.ts';
import { connect } from './broker.ts';

/** A broker that no other test uses. */
export interface OwnBroker {
  /** To stop, kill and freeze it. */
  readonly control: BrokerControl;
  connect(): KafkaConnection;
  stop(): Promise<void>;
}

/** Beside the one that the runner names, also where that is somebody else's. */
export async function startOwnBroker(): Promise<OwnBroker> {
  const { KAFKA_BROKERS: _kafka, SCHEMA_REGISTRY_URL: _registry, ...env } = process.env;
  if (env.ASTROLABE_STACK === 'external') delete env.ASTROLABE_STACK;
  const stack = await startLocalStack({ env });
  const { kafka: control } = stack;
  assert.ok(control);
  return { control, connect: () => connect([control.address]), stop: () => stack.stop() };
}
