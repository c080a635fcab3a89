/**
 * Patches of kafkajs 2.2.4: it waits by the wall clock. Set back by an hour, a member of a group sends no heartbeat for
 * an hour, a request that no broker answers never times out, and one that a broker throttles is held back as long. Here
 * those waits go by the monotonic clock.
 */
import { replaceMethods, type Patch } from './patch.ts';

interface SocketRequest {
  readonly requestTimeout: number;
  timeoutRequest(): void;
  send(): void;
}
interface RequestQueue {
  readonly enforceRequestTimeout: boolean;
  readonly requestTimeout: number;
  readonly maxInFlightRequests: number | null | undefined;
  readonly inflight: ReadonlyMap<number, SocketRequest>;
  readonly pending: readonly unknown[];
  requestTimeoutIntervalId: NodeJS.Timeout | null;
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  isConnected(): boolean;
  destroy(): void;
  checkPendingRequests(): void;
  scheduleRequestTimeoutCheck(): void;
  maybeThrottle(forMs: number | null | undefined): void;
  canSendSocketRequestImmediately(): boolean;
  scheduleCheckPendingRequests(): void;
}

const CHECK_PENDING_REQUESTS_INTERVAL_MS = 10;
const CHECK_TIMEOUTS_INTERVAL_MS = 100;

/** By the monotonic clock. */
const sentAtMs = new WeakMap<SocketRequest, number>();
const throttledUntilMs = new WeakMap<RequestQueue, number>();

function throttledForMs(queue: RequestQueue): number {
  return (throttledUntilMs.get(queue) ?? 0) - performance.now();
}

export function sendByMonotonicClock(): Patch {
  return replaceMethods<SocketRequest>('network/requestQueue/socketRequest', ({ send }) => ({
    send: function (this: SocketRequest): void {
      send.call(this);
      sentAtMs.set(this, performance.now());
    },
  }));
}

/**
 * The original also re-arms a timer without end, with a negative delay as soon as nothing is throttled: 4 % of a core
 * when idle, and a TimeoutNegativeWarning on Node 24 (tulios/kafkajs#1556, #1751). A check is only needed while
 * requests wait.
 */
export function queueByMonotonicClock(): Patch {
  return replaceMethods<RequestQueue>('network/requestQueue', () => ({
    scheduleRequestTimeoutCheck: function (this: RequestQueue): void {
      if (!this.enforceRequestTimeout) return;
      this.destroy();
      const check = (): void => {
        const nowMs = performance.now();
        for (const request of this.inflight.values()) {
          if (nowMs - (sentAtMs.get(request) ?? nowMs) > request.requestTimeout) request.timeoutRequest();
        }
        // The original stops as soon as it disconnects, which waits for what is in flight: without end, where the
        // broker is silent. A consumer that gives up never gets to its restart then.
        if (!this.isConnected() && this.inflight.size === 0) this.destroy();
      };
      this.requestTimeoutIntervalId = setInterval(check, Math.min(this.requestTimeout, CHECK_TIMEOUTS_INTERVAL_MS));
    },
    maybeThrottle: function (this: RequestQueue, forMs): void {
      if (forMs == null || forMs <= 0) return;
      throttledUntilMs.set(this, performance.now() + Math.max(forMs, throttledForMs(this)));
    },
    canSendSocketRequestImmediately: function (this: RequestQueue): boolean {
      const { maxInFlightRequests, inflight } = this;
      return (maxInFlightRequests == null || inflight.size < maxInFlightRequests) && throttledForMs(this) <= 0;
    },
    scheduleCheckPendingRequests: function (this: RequestQueue): void {
      if (this.throttleCheckTimeoutId !== null || this.pending.length === 0) return;
      const waitMs = Math.ceil(throttledForMs(this));
      this.throttleCheckTimeoutId = setTimeout(
        () => {
          this.throttleCheckTimeoutId = null;
          this.checkPendingRequests();
        },
        waitMs > 0 ? waitMs : CHECK_PENDING_REQUESTS_INTERVAL_MS,
      );
    },
  }));
}

/**
 * kafkajs compares the wall clock with that of the last heartbeat; a clock that was set back makes the next one due at
 * once.
 */
export function makeLateHeartbeatDue(group: { lastRequest: number }): void {
  if (group.lastRequest > Date.now()) group.lastRequest = 0;
}
