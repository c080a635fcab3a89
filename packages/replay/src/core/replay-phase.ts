/**
 * The state of a replay, derived from its order and from what the owners of its partitions have written. Nobody stores
 * it, so nobody can store a wrong one. Pure.
 */
import type { ReplayOrder, WantedState } from './replay-order.ts';
import { cursorsOf, openPartitions, totalsOf, type ReplayView } from './replay-view.ts';

export type ReplayPhase =
  /** Nobody has taken it yet. */
  | 'waiting'
  | 'running'
  /** A pause was asked for; some owner of a partition has not told yet that it has stopped. */
  | 'pausing'
  | 'paused'
  /** As `pausing`, of a cancellation; commands that were read and not started are dropped. */
  | 'cancelling'
  | 'cancelled'
  /** Everything in range was read, and all that came of it has ended. */
  | 'finished';

export function phaseOf(view: ReplayView): ReplayPhase {
  const { order } = view;
  const totals = totalsOf(view);
  const hasEnded = totals.commandsPending === 0;
  if (totals.offsetsLeft === 0 && hasEnded) {
    return order.wanted === 'cancel' && totals.commands.cancelled > 0 ? 'cancelled' : 'finished';
  }
  switch (order.wanted) {
    case 'run':
      return cursorsOf(view).size === 0 ? 'waiting' : 'running';
    case 'pause':
      return isObeyed(view) ? 'paused' : 'pausing';
    case 'cancel':
      return isObeyed(view) && hasEnded ? 'cancelled' : 'cancelling';
  }
}

/** Nothing more comes of it. */
export function isOver(phase: ReplayPhase): boolean {
  return phase === 'finished' || phase === 'cancelled';
}

/** Whether everybody who still has something to read acts upon the order as it is. */
function isObeyed(view: ReplayView): boolean {
  const cursors = cursorsOf(view);
  return openPartitions(view).every((partition) => (cursors.get(partition)?.obeysMs ?? -1) >= view.order.changedAtMs);
}

/** What an operator may ask for in each state. Asking for what is so already changes nothing. */
const changes: Readonly<Record<WantedState, readonly WantedState[]>> = {
  run: ['pause', 'cancel'],
  pause: ['run', 'cancel'],
  cancel: [],
};

export type ChangedOrder =
  | { readonly kind: 'changed'; readonly order: ReplayOrder }
  /** It is asked for already, or was. */
  | { readonly kind: 'unchanged' }
  /** It is over, or was cancelled, which is final. */
  | { readonly kind: 'refused'; readonly phase: ReplayPhase };

export function changeOrder(view: ReplayView, wanted: WantedState, nowMs: number): ChangedOrder {
  const { order } = view;
  const phase = phaseOf(view);
  if (order.wanted === wanted && !isOver(phase)) return { kind: 'unchanged' };
  if (isOver(phase) || !changes[order.wanted].includes(wanted)) return { kind: 'refused', phase };
  return { kind: 'changed', order: { ...order, wanted, changedAtMs: Math.max(nowMs, order.changedAtMs + 1) } };
}

/**
 * Whether an order that was read replaces the one that is known. A cancellation is final: another program may have
 * asked for something else at the same moment, and what was dropped is not sent.
 */
export function replacesOrder(known: ReplayOrder | undefined, read: ReplayOrder): boolean {
  return known?.startedAtMs !== read.startedAtMs || changes[known.wanted].length > 0;
}
