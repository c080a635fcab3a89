/**
 * Whether a member has the assignment of its group's generation. One whose join failed, or whose coordinator refused
 * it, is outside until a join has succeeded: it neither reads nor sends heartbeats.
 */
import type { ConsumerGroup } from './consumer-group.ts';
import { rebalanceInProgress } from './coordinator-answers.ts';

type MemberState = 'new' | 'outside' | 'joining' | 'joined';

/** What may follow. */
const next: Readonly<Record<MemberState, readonly MemberState[]>> = {
  new: ['joining'],
  outside: ['joining'],
  joining: ['joined', 'outside'],
  joined: ['joining', 'outside'],
};

const states = new WeakMap<ConsumerGroup, MemberState>();
/** Of the fetches and heartbeats under way: ends the wait for their answer. */
const interruptions = new WeakMap<ConsumerGroup, Set<(reason: Error) => void>>();

export function stateOf(group: ConsumerGroup): MemberState {
  return states.get(group) ?? 'new';
}

export function enterState(group: ConsumerGroup, state: MemberState): void {
  const from = stateOf(group);
  if (!next[from].includes(state)) throw new Error(`a member that is ${from} cannot be ${state}`);
  states.set(group, state);
}

/** It has to join before it goes on; a join that is under way counts. */
export function mustJoin(group: ConsumerGroup): void {
  if (stateOf(group) === 'joined') enterState(group, 'outside');
  interruptRunner(group);
}

/** The runner of kafkajs joins where a fetch or a heartbeat ends like this, and nowhere else. */
export function interruptRunner(group: ConsumerGroup): void {
  for (const interrupt of interruptions.get(group) ?? []) interrupt(rebalanceInProgress());
}

/** As `request`, unless it is interrupted before. */
export async function interruptible<T>(group: ConsumerGroup, request: () => Promise<T>): Promise<T> {
  let underWay = interruptions.get(group);
  if (underWay === undefined) interruptions.set(group, (underWay = new Set()));
  const { promise: interrupted, reject: interrupt } = Promise.withResolvers<never>();
  underWay.add(interrupt);
  try {
    return await Promise.race([request(), interrupted]);
  } finally {
    underWay.delete(interrupt);
  }
}
