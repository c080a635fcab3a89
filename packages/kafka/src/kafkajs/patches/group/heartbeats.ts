/**
 * Heartbeats of a member, one at a time. The original shares one that is under way also with those who ask after the
 * next join: sent to a coordinator that has gone, it keeps the member from sending any to the new one.
 */
import { makeLateHeartbeatDue } from '../clock-patches.ts';
import type { ConsumerGroup } from './consumer-group.ts';
import { eventNames } from './waiting-join.ts';

const underWay = new WeakMap<ConsumerGroup, Promise<void>>();

/** Resolves at once where none is due. */
export function beat(group: ConsumerGroup, intervalMs: number): Promise<void> {
  makeLateHeartbeatDue(group);
  const sent = underWay.get(group);
  if (sent !== undefined) return sent;
  if (group.memberId === null || Date.now() < group.lastRequest + intervalMs) return Promise.resolve();
  const sending: Promise<void> = send(group, () => underWay.get(group) === sending).finally(() => {
    if (underWay.get(group) === sending) underWay.delete(group);
  });
  underWay.set(group, sending);
  return sending;
}

/** The answer to one that was sent before a join says nothing of what follows. */
export function forgetHeartbeat(group: ConsumerGroup): void {
  underWay.delete(group);
}

async function send(group: ConsumerGroup, isCurrent: () => boolean): Promise<void> {
  const { groupId, memberId, generationId: groupGenerationId, coordinator, instrumentationEmitter } = group;
  const heartbeat = { groupId, memberId, groupGenerationId };
  await coordinator?.heartbeat(heartbeat);
  if (!isCurrent()) return;
  instrumentationEmitter.emit(eventNames().HEARTBEAT, heartbeat);
  group.lastRequest = Date.now();
}
