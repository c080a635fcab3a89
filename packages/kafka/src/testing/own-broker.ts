import assert from 'node:assert/strict';
import { ownStackEnvironment, startLocalStack, type BrokerControl } from '@astrolabe/testkit';
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
  const stack = await startLocalStack({ env: ownStackEnvironment(process.env) });
  const { kafka: control } = stack;
  assert.ok(control);
  return { control, connect: () => connect([control.address]), stop: () => stack.stop() };
}
