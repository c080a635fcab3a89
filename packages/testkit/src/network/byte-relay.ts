import type { Socket } from 'node:net';

export interface ByteRelay {
  /** Delivers what is queued and what comes, each byte `delayMs` after it came, in order. */
  pass(options: { readonly delayMs: number }): void;
  /** Delivers nothing until `pass`; reads on until its buffer is full, as a network would. */
  hold(): void;
}

/** What one direction may hold back before the sender feels it. */
const MAX_QUEUED_BYTES = 1024 * 1024;

/** Undefined marks the end of the sender's side. */
interface QueuedChunk {
  readonly bytes: Buffer | undefined;
  readonly arrivedAtMs: number;
}

/** Carries the bytes of one direction of a connection. It holds until the first `pass`. */
export function createByteRelay({ from, to }: { readonly from: Socket; readonly to: Socket }): ByteRelay {
  const queue: QueuedChunk[] = [];
  let queuedBytes = 0;
  let delayMs = 0;
  let held = true;
  let congested = false;
  let timer: NodeJS.Timeout | undefined;

  from.on('data', (bytes) => {
    queue.push({ bytes, arrivedAtMs: performance.now() });
    queuedBytes += bytes.length;
    if (queuedBytes > MAX_QUEUED_BYTES) from.pause();
    deliver();
  });
  from.on('end', () => {
    queue.push({ bytes: undefined, arrivedAtMs: performance.now() });
    deliver();
  });
  to.on('close', () => {
    clearTimeout(timer);
    queue.length = 0;
  });
  to.on('drain', () => {
    congested = false;
    deliver();
  });

  function deliver(): void {
    clearTimeout(timer);
    if (held || congested) return;
    const nowMs = performance.now();
    for (;;) {
      const head = queue[0];
      if (head === undefined) break;
      const dueInMs = head.arrivedAtMs + delayMs - nowMs;
      if (dueInMs > 0) {
        timer = setTimeout(deliver, dueInMs);
        return;
      }
      queue.shift();
      if (head.bytes === undefined) {
        to.end();
        break;
      }
      queuedBytes -= head.bytes.length;
      if (!to.write(head.bytes)) {
        congested = true;
        break;
      }
    }
    if (queuedBytes <= MAX_QUEUED_BYTES && from.isPaused()) from.resume();
  }

  return {
    pass(options) {
      held = false;
      delayMs = options.delayMs;
      deliver();
    },
    hold() {
      held = true;
      clearTimeout(timer);
    },
  };
}
