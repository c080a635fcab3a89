/** A live stream of one page: open while the page is, closed while its tab is hidden. */
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { openEventStream } from '../api/event-stream.ts';
import type { Problem } from '../core/resource-state.ts';
import type { StreamedEvent } from '../core/sse-parser.ts';
import type { StreamPhase } from '../core/stream-phase.ts';

export interface StreamState {
  readonly phase: StreamPhase;
  readonly problem: Problem | undefined;
}

/** `url`: another one is another stream; undefined: none. */
export function useStream(url: string | undefined, onEvents: (events: readonly StreamedEvent[]) => void): StreamState {
  const state = useSignal<StreamState>({ phase: 'connecting', problem: undefined });
  const handler = useRef(onEvents);
  handler.current = onEvents;
  useEffect(() => {
    if (url === undefined) return undefined;
    const frames = deliverByFrame((events) => handler.current(events));
    const close = openEventStream({
      url,
      onEvents: frames.add,
      onPhase: (phase, problem) => {
        state.value = { phase, problem };
      },
    });
    return () => {
      close();
      frames.drop();
    };
  }, [url]);
  return state.value;
}

/** However many events come, the page is drawn once for each frame of the screen. */
function deliverByFrame(deliver: (events: readonly StreamedEvent[]) => void) {
  let waiting: StreamedEvent[] = [];
  let frame: number | undefined;
  return {
    add: (events: readonly StreamedEvent[]): void => {
      waiting.push(...events);
      frame ??= requestAnimationFrame(() => {
        const all = waiting;
        waiting = [];
        frame = undefined;
        deliver(all);
      });
    },
    drop: (): void => {
      if (frame !== undefined) cancelAnimationFrame(frame);
    },
  };
}
