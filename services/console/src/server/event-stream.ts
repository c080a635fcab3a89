/**
 * Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html). The next event is asked for once
 * the client has taken the ones before: what waits for a slow client is one event and the socket's own buffer.
 */
import type { ServerResponse } from 'node:http';
import type { Clock } from '@astrolabe/service-kit/clock';
import type { StreamEnd } from '../console-metrics.ts';
import type { ServerSentEvent } from '../routes/route.ts';

/** Proxies close connections that say nothing, the usual ones after 30 to 60 s. */
export const HEARTBEAT_MS = 15_000;
/** A client that takes nothing for so long is a sleeping tab or a dead network: it comes back with `Last-Event-ID`. */
export const SLOW_AFTER_MS = 15_000;
/** How long browsers wait before they connect again. */
const RETRY_MS = 2_000;
/** Fifty tabs that ask again every two seconds would not help what has failed. */
const RETRY_AFTER_FAULT_MS = 15_000;

export interface EventStreamOptions {
  readonly events: AsyncIterable<ServerSentEvent>;
  /** Its head is written here, with `headers`. */
  readonly response: ServerResponse;
  readonly headers: Readonly<Record<string, string>>;
  /** Aborted with the reason as a `StreamEnd` when the client leaves, the session expires or the service stops. */
  readonly over: AbortSignal;
  readonly clock: Pick<Clock, 'sleep'>;
  /** Called if `events` fails. What it returns is sent as the last event, `problem`. */
  readonly onFailed: (error: unknown) => object;
}

/** Resolves when the stream is over, with the reason. */
export async function writeEventStream(options: EventStreamOptions): Promise<StreamEnd> {
  const { response, over } = options;
  const iterator = options.events[Symbol.asyncIterator]();
  try {
    response.writeHead(200, { ...options.headers, ...streamHeaders });
    return await pump(iterator, options);
  } catch (error) {
    if (over.aborted) return over.reason as StreamEnd;
    response.write(`retry: ${RETRY_AFTER_FAULT_MS}\n${eventText({ event: 'problem', data: options.onFailed(error) })}`);
    return 'failed';
  } finally {
    // Not awaited: a source that waits for its own next event goes on when it sees the request's signal.
    void Promise.resolve(iterator.return?.()).catch(() => undefined);
    if (over.aborted || response.destroyed) response.destroy();
    else response.end();
  }
}

const streamHeaders = {
  'content-type': 'text/event-stream; charset=utf-8',
  // nginx would gather events for a buffer's worth before it sends any.
  'x-accel-buffering': 'no',
} as const;

async function pump(iterator: AsyncIterator<ServerSentEvent>, options: EventStreamOptions): Promise<StreamEnd> {
  let written = await write(`retry: ${RETRY_MS}\n\n`, options);
  let next = iterator.next();
  while (written === 'taken') {
    const step = await eventOrHeartbeat(next, options);
    if (step.kind === 'over') return step.reason;
    if (step.kind === 'heartbeat') {
      written = await write(':\n\n', options);
      continue;
    }
    if (step.result.done === true) return 'ended';
    written = await write(eventText(step.result.value), options);
    next = iterator.next();
  }
  // The one that was asked for last is not waited for.
  next.catch(() => undefined);
  return written;
}

/** `id` and `event` are one line each. JSON has no line break outside of its strings, and none in them. */
export function eventText({ id, event, data }: ServerSentEvent): string {
  for (const field of [id ?? '', event]) {
    if (/[\r\n\0]/.test(field)) throw new TypeError('an id or name of an event has a line break');
  }
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

type Step =
  | { readonly kind: 'event'; readonly result: IteratorResult<ServerSentEvent> }
  | { readonly kind: 'heartbeat' }
  | { readonly kind: 'over'; readonly reason: StreamEnd };

function eventOrHeartbeat(
  next: Promise<IteratorResult<ServerSentEvent>>,
  { over, clock }: EventStreamOptions,
): Promise<Step> {
  return firstOf(over, (settle, fail, timers) => {
    next.then((result) => settle({ kind: 'event', result }), fail);
    clock.sleep(HEARTBEAT_MS, timers).then(
      () => settle({ kind: 'heartbeat' }),
      () => undefined,
    );
    return (reason): Step => ({ kind: 'over', reason });
  });
}

function write(text: string, { response, over, clock }: EventStreamOptions): Promise<'taken' | StreamEnd> {
  if (over.aborted) return Promise.resolve(over.reason as StreamEnd);
  if (response.write(text)) return Promise.resolve('taken');
  return firstOf<'taken' | StreamEnd>(over, (settle, _fail, timers) => {
    const onDrain = (): void => settle('taken');
    response.once('drain', onDrain);
    timers.addEventListener('abort', () => response.off('drain', onDrain), { once: true });
    clock.sleep(SLOW_AFTER_MS, timers).then(
      () => {
        response.destroy();
        settle('slow');
      },
      () => undefined,
    );
    return (reason) => reason;
  });
}

/** The first result, or that of `onOver`, which `begin` returns. Whatever waits meanwhile is let go with `timers`. */
function firstOf<Result>(
  over: AbortSignal,
  begin: (
    settle: (result: Result) => void,
    fail: (error: unknown) => void,
    timers: AbortSignal,
  ) => (reason: StreamEnd) => Result,
): Promise<Result> {
  const timers = new AbortController();
  return new Promise<Result>((resolve, reject) => {
    const onOver = begin(resolve, reject, timers.signal);
    const onAbort = (): void => resolve(onOver(over.reason as StreamEnd));
    if (over.aborted) return onAbort();
    over.addEventListener('abort', onAbort, { signal: timers.signal });
  }).finally(() => timers.abort());
}
