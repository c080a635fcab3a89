/** The live view of one tab, as server-sent events: at most so many rows at a time, and what was dropped is told. */
import type { Clock } from '@astrolabe/service-kit/clock';
import type { ServerSentEvent } from '../../routes/route.ts';
import { formatPosition, parsePosition } from './core/resume-position.ts';
import { matchesTab, type TabFilter } from './core/tab-filter.ts';
import { TabQueue } from './core/tab-queue.ts';
import type { LiveHub } from './live-hub.ts';

export interface LiveStreamOptions {
  readonly hub: LiveHub;
  readonly filter: TabFilter;
  /** Of this process: positions of another one mean nothing here. */
  readonly processId: string;
  /** Where the stream goes on. */
  readonly lastEventId: string | undefined;
  readonly clock: Clock;
  /** Aborted when the tab leaves. */
  readonly signal: AbortSignal;
}

/** What a tab shows at once. */
const MAX_ROWS = 500;
/** Together with the pause: 400 rows a second at most. */
const ROWS_AT_ONCE = 100;
const PAUSE_MS = 250;

export async function* liveStream(options: LiveStreamOptions): AsyncGenerator<ServerSentEvent, void> {
  const { hub, filter, processId, lastEventId, clock, signal } = options;
  const queue = new TabQueue(MAX_ROWS);
  let isStateNew = true;
  let news = Promise.withResolvers<void>();
  const leave = hub.watch(filter.topics, {
    onItem: (item) => {
      if (!matchesTab(item, filter)) return;
      queue.add(item);
      news.resolve();
    },
    onNotRead: (topic, offsets) => {
      if (!filter.topics.has(topic)) return;
      queue.addNotRead(offsets);
      news.resolve();
    },
    onState: () => {
      isStateNew = true;
      news.resolve();
    },
  });
  const onAbort = (): void => news.resolve();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    resume(hub, queue, filter, parsePosition(processId, lastEventId));
    while (!signal.aborted) {
      if (isStateNew) {
        isStateNew = false;
        yield { event: 'state', data: { topics: hub.states(filter.topics) } };
      }
      if (queue.hasNews) {
        const { items, dropped, notRead } = queue.take(ROWS_AT_ONCE);
        // Behind the last row that is sent, or, where none waits, behind all that was looked at.
        const reached = queue.size === 0 ? hub.sequence : (items.at(-1)?.sequence ?? hub.sequence);
        const rows = items.map(({ row }) => row);
        yield { id: formatPosition(processId, reached), event: 'rows', data: { rows, dropped, notRead } };
        await clock.sleep(PAUSE_MS, signal).catch(() => undefined);
      } else {
        await news.promise;
      }
      // What came by now is looked at in the next round.
      news = Promise.withResolvers<void>();
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    leave();
  }
}

/** What came while the connection was broken, as far as it is kept. */
function resume(hub: LiveHub, queue: TabQueue, filter: TabFilter, sequence: number | undefined): void {
  if (sequence === undefined) return;
  const { items, missed } = hub.after(sequence);
  queue.addNotRead(missed);
  for (const item of items) if (matchesTab(item, filter)) queue.add(item);
}
