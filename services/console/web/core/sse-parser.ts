/**
 * Server-sent events out of the chunks of a response (https://html.spec.whatwg.org/multipage/server-sent-events.html).
 * Pure.
 */

export interface StreamedEvent {
  readonly event: string;
  readonly data: string;
  /** Of this event or the last one before it that had one: where to go on after it. */
  readonly lastEventId: string | undefined;
}

export interface SseParser {
  /** The events that `chunk` completes. */
  push(chunk: string): readonly StreamedEvent[];
  /** What the server asked for, milliseconds; undefined where it has not. */
  readonly retryMs: number | undefined;
}

export function createSseParser(): SseParser {
  let rest = '';
  let event = '';
  let data: string[] = [];
  let lastEventId: string | undefined;
  let retryMs: number | undefined;

  const finish = (found: StreamedEvent[]): void => {
    if (data.length > 0) found.push({ event: event || 'message', data: data.join('\n'), lastEventId });
    event = '';
    data = [];
  };
  const read = (line: string): void => {
    const colon = line.indexOf(':');
    // A comment: the server's heartbeat.
    if (colon === 0) return;
    const name = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'event') event = value;
    else if (name === 'data') data.push(value);
    else if (name === 'id' && !value.includes('\0')) lastEventId = value;
    else if (name === 'retry' && /^\d+$/.test(value)) retryMs = Number(value);
  };
  return {
    push: (chunk) => {
      const found: StreamedEvent[] = [];
      rest += chunk;
      let start = 0;
      for (;;) {
        const end = endOfLine(rest, start);
        if (end === undefined) break;
        const line = rest.slice(start, end.at);
        start = end.next;
        if (line === '') finish(found);
        else read(line);
      }
      rest = rest.slice(start);
      return found;
    },
    get retryMs() {
      return retryMs;
    },
  };
}

/** A line ends with CR LF, CR or LF. A CR at the end of the chunk waits for what follows it. */
function endOfLine(text: string, from: number): { readonly at: number; readonly next: number } | undefined {
  for (let at = from; at < text.length; at += 1) {
    const character = text.charCodeAt(at);
    if (character === 0x0a) return { at, next: at + 1 };
    if (character !== 0x0d) continue;
    if (at + 1 === text.length) return undefined;
    return { at, next: text.charCodeAt(at + 1) === 0x0a ? at + 2 : at + 1 };
  }
  return undefined;
}
