/**
 * A stream of server-sent events that is read while the tab is seen, and goes on where it broke off. Read by `fetch`
 * and not by `EventSource`, which hides why a server refuses.
 */
import { toProblem, UNREACHABLE, type Problem } from '../core/resource-state.ts';
import { createSseParser, type StreamedEvent } from '../core/sse-parser.ts';
import { enterStreamPhase, pauseBeforeAttempt, type StreamPhase } from '../core/stream-phase.ts';

export interface StreamOptions {
  readonly url: string;
  readonly onEvents: (events: readonly StreamedEvent[]) => void;
  /** `problem`: of `refused` and `waiting`. */
  readonly onPhase: (phase: StreamPhase, problem: Problem | undefined) => void;
}

/** Reads until it is closed. Calls neither handler after that. */
export function openEventStream({ url, onEvents, onPhase }: StreamOptions): () => void {
  const closing = new AbortController();
  let phase: StreamPhase = 'connecting';
  let lastEventId: string | undefined;
  let failures = 0;
  let request = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;

  const enter = (next: StreamPhase, problem?: Problem): void => {
    phase = enterStreamPhase(phase, next);
    if (!closing.signal.aborted) onPhase(phase, problem);
  };
  const connect = (): void => {
    request = new AbortController();
    const { signal } = request;
    void readStream(url, lastEventId, signal, {
      onOpen: () => {
        failures = 0;
        enter('open');
      },
      onEvents: (events) => {
        lastEventId = events.at(-1)?.lastEventId ?? lastEventId;
        onEvents(events);
      },
    }).then((end) => {
      if (signal.aborted) return;
      if (end.kind === 'refused') enter('refused', end.problem);
      else {
        enter('waiting', UNREACHABLE);
        timer = setTimeout(again, pauseBeforeAttempt(failures, end.retryMs, Math.random()));
        failures += 1;
      }
    });
  };
  const again = (): void => {
    enter('connecting');
    connect();
  };
  const onVisibility = (): void => {
    if (document.hidden && phase !== 'hidden' && phase !== 'refused') {
      clearTimeout(timer);
      request.abort();
      enter('hidden');
    } else if (!document.hidden && phase === 'hidden') again();
  };
  document.addEventListener('visibilitychange', onVisibility, { signal: closing.signal });
  onPhase(phase, undefined);
  connect();
  return () => {
    closing.abort();
    clearTimeout(timer);
    request.abort();
    enter('closed');
  };
}

type StreamEnd =
  | { readonly kind: 'broken'; readonly retryMs: number | undefined }
  | { readonly kind: 'refused'; readonly problem: Problem };

interface StreamReader {
  readonly onOpen: () => void;
  readonly onEvents: (events: readonly StreamedEvent[]) => void;
}

async function readStream(
  url: string,
  lastEventId: string | undefined,
  signal: AbortSignal,
  { onOpen, onEvents }: StreamReader,
): Promise<StreamEnd> {
  const parser = createSseParser();
  try {
    const headers = { accept: 'text/event-stream', ...(lastEventId !== undefined && { 'last-event-id': lastEventId }) };
    const response = await fetch(url, { credentials: 'same-origin', cache: 'no-store', headers, signal });
    if (!response.ok || response.body === null) {
      const problem = toProblem(response.status, await response.json().catch(() => undefined));
      // A proxy or a console that restarts: it comes back.
      if (response.status >= 500) return { kind: 'broken', retryMs: undefined };
      return { kind: 'refused', problem };
    }
    onOpen();
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      const events = parser.push(value);
      if (events.length > 0) onEvents(events);
    }
  } catch {
    // The connection is gone, or `signal` has aborted; the caller knows which.
  }
  return { kind: 'broken', retryMs: parser.retryMs };
}
