/**
 * What pages of the console ask for: recorded while a browser shows them, and asked again without one. So what live
 * traffic notices of the console is told from what it notices of a browser on the same machine.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { BrowserContext, Request } from 'playwright-core';

export interface AskedRequests {
  /** Paths with their queries; each stays open. */
  readonly streams: readonly string[];
  /** Asked once in each period, so long after its start. */
  readonly questions: readonly { readonly path: string; readonly afterMs: number }[];
  readonly periodMs: number;
}

const STREAM = 'text/event-stream';

export class RequestRecorder {
  readonly #openStreams = new Map<Request, string>();
  #questions: { readonly path: string; readonly afterMs: number }[] = [];
  #beganAtMs = 0;

  /** From the first request of a page on: streams are opened once. */
  watch(context: BrowserContext): void {
    context.on('request', (request) => {
      const { pathname, search } = new URL(request.url());
      const path = pathname + search;
      if (request.headers()['accept'] === STREAM) this.#openStreams.set(request, path);
      else this.#questions.push({ path, afterMs: performance.now() - this.#beganAtMs });
    });
    const ended = (request: Request): void => void this.#openStreams.delete(request);
    context.on('requestfinished', ended);
    context.on('requestfailed', ended);
  }

  /** Forgets what the pages asked for to be drawn. */
  begin(): void {
    this.#questions = [];
    this.#beganAtMs = performance.now();
  }

  end(): AskedRequests {
    return {
      streams: [...this.#openStreams.values()],
      questions: [...this.#questions],
      periodMs: performance.now() - this.#beganAtMs,
    };
  }
}

/** Asks until it is disposed of, which rejects when something was refused, or a stream ended before. */
export function askAgain(consoleUrl: string, { streams, questions, periodMs }: AskedRequests): AsyncDisposable {
  const closing = new AbortController();
  const { signal } = closing;
  const read = async (path: string, accept: string): Promise<void> => {
    const response = await fetch(new URL(path, consoleUrl), { headers: { accept }, signal });
    if (!response.ok || response.body === null) throw new Error(`${path} was answered ${response.status}`);
    for await (const _ of response.body);
  };
  const follow = async (path: string): Promise<void> => {
    await read(path, STREAM);
    throw new Error(`${path} has ended`);
  };
  const startedAtMs = performance.now();
  const repeat = async (path: string, afterMs: number): Promise<never> => {
    for (let period = 0; ; period += 1) {
      const dueAtMs = startedAtMs + period * periodMs + afterMs;
      await sleep(Math.max(0, dueAtMs - performance.now()), undefined, { signal });
      await read(path, 'application/json');
    }
  };
  let failure: unknown;
  const note = (error: unknown): void => {
    if (!signal.aborted) failure ??= error;
  };
  const asking = [...streams.map(follow), ...questions.map(({ path, afterMs }) => repeat(path, afterMs))];
  const ended = Promise.all(asking.map((each) => each.catch(note)));
  return {
    [Symbol.asyncDispose]: async () => {
      closing.abort();
      await ended;
      if (failure !== undefined) throw new Error('what the pages ask for was not answered', { cause: failure });
    },
  };
}
