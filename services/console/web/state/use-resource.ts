/** Data of one panel: read when it appears, again while it is seen, and given up when it goes. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { afterAnswer, type Answer, type ResourceState } from '../core/resource-state.ts';

export interface Resource<Value> {
  readonly state: ResourceState<Value>;
  /** Reads it again now. */
  readonly reload: () => void;
  /** An answer that came another way, as by a stream. */
  readonly put: (value: Value) => void;
}

export interface ResourceOptions<Value> {
  /** Another key is another thing: what was read before is dropped. */
  readonly key: string;
  /** Milliseconds from one answer to the next question; undefined: it is read once. */
  readonly refreshMs?: number;
  /** Whether a value is the last: it is not read again by itself. */
  readonly isLast?: (value: Value) => boolean;
}

export function useResource<Value>(
  load: (signal: AbortSignal) => Promise<Answer<Value>>,
  { key, refreshMs, isLast = () => false }: ResourceOptions<Value>,
): Resource<Value> {
  const state = useSignal<ResourceState<Value>>({ kind: 'loading' });
  const round = useSignal(0);
  const stateKey = useSignal(key);
  // Before anything is drawn: what belongs to another key must not be seen under this one.
  if (stateKey.peek() !== key) {
    stateKey.value = key;
    state.value = { kind: 'loading' };
  }
  useEffect(() => {
    const leaving = new AbortController();
    void readOn(leaving.signal, refreshMs, async () => {
      const answer = await load(leaving.signal);
      if (!leaving.signal.aborted) state.value = afterAnswer(state.peek(), answer, Date.now());
      return answer.kind === 'answer' && isLast(answer.body);
    });
    return () => leaving.abort();
  }, [key, refreshMs, round.value]);
  return {
    state: state.value,
    reload: () => {
      round.value += 1;
    },
    put: (value) => {
      state.value = afterAnswer(state.peek(), { kind: 'answer', body: value }, Date.now());
    },
  };
}

/** One question at a time, so that a slow cluster is not asked faster than it answers. */
async function readOn(
  signal: AbortSignal,
  refreshMs: number | undefined,
  /** Resolves with whether that was the last time. */
  read: () => Promise<boolean>,
): Promise<void> {
  do {
    await untilSeen(signal);
    if (signal.aborted) return;
    const wasLast = await read();
    if (refreshMs === undefined || wasLast) return;
    await pause(refreshMs, signal);
  } while (!signal.aborted);
}

export function untilSeen(signal: AbortSignal): Promise<void> {
  if (!document.hidden || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      if (document.hidden && !signal.aborted) return;
      document.removeEventListener('visibilitychange', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    document.addEventListener('visibilitychange', done);
    signal.addEventListener('abort', done);
  });
}

/** Resolves early when the signal aborts. */
export function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, durationMs);
    signal.addEventListener('abort', done);
  });
}
