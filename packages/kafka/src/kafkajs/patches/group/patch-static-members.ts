/**
 * A patch of kafkajs 2.2.4: it can encode the name of a member of a group (`group.instance.id`, KIP-345) and never
 * sends one. A member that comes back under its name within the session time-out gets its partitions without a
 * rebalance; an older process under the same name is told so with FENCED_INSTANCE_ID.
 */
import { createRequire } from 'node:module';
import { privateMethod, replaceMethods, type Patch } from '../patch.ts';

const require = createRequire(import.meta.url);

type Protocol = (args: object) => object;
interface Broker {
  lookupRequest(apiKey: number, definition: object): Protocol;
  joinGroup(this: Broker, args: object): Promise<unknown>;
  syncGroup(this: Broker, args: object): Promise<unknown>;
  heartbeat(this: Broker, args: object): Promise<unknown>;
  leaveGroup(this: Broker, args: object): Promise<unknown>;
}
type Send = (this: Broker, request: object) => Promise<unknown>;

/** kafkajs gives each consumer brokers of its own, so one of them serves one member. */
const instanceIds = new WeakMap<object, string>();

/** What the coordinator of its group is told of a member from here on. */
export function nameMember(coordinator: object, instanceId: string | undefined): void {
  if (instanceId === undefined) instanceIds.delete(coordinator);
  else instanceIds.set(coordinator, instanceId);
}

export function nameMembers(): Patch {
  const apiKeys = require('kafkajs/src/protocol/requests/apiKeys') as Record<string, number>;
  const { requests } = require('kafkajs/src/protocol/requests') as { requests: Record<string, object> };
  const sendRequest = privateMethod('broker', 'private:Broker:sendRequest');
  return replaceMethods<Broker>('broker', (original) => {
    const named = (name: string, unnamed: Send, defaults: object = {}): Send =>
      function (this: Broker, args) {
        const groupInstanceId = instanceIds.get(this);
        if (groupInstanceId === undefined) return unnamed.call(this, args);
        const [apiKey, definition] = [apiKeys[name], requests[name]];
        if (apiKey === undefined || definition === undefined) throw new Error(`kafkajs no longer has ${name}`);
        const request = this.lookupRequest(apiKey, definition)({ ...defaults, ...args, groupInstanceId });
        return (this as unknown as Record<symbol, Send>)[sendRequest]?.call(this, request) ?? Promise.resolve();
      };
    return {
      joinGroup: named('JoinGroup', original.joinGroup, { memberId: '', protocolType: 'consumer' }),
      syncGroup: named('SyncGroup', original.syncGroup),
      heartbeat: named('Heartbeat', original.heartbeat),
      leaveGroup: named('LeaveGroup', original.leaveGroup),
    };
  });
}
