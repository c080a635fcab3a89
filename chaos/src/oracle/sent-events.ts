/** What was sent, and how each call ended: the oracle's memory of the senders' side. */
import { parseJson, type JsonObject } from '@astrolabe/schemas';
import type { CallEnd, TrafficCall, TrafficEvent } from '../traffic/traffic-call.ts';

/** One event in one call. A repeated event has several. */
export interface Sending {
  readonly event: TrafficEvent;
  readonly call: TrafficCall;
  readonly end: CallEnd;
  /** Place in the call's body. */
  readonly index: number;
  /** That of the batch. */
  readonly sentAt: string | undefined;
}

export class SentEvents {
  readonly #byEvent = new Map<string, Sending[]>();
  readonly #all: Sending[] = [];
  readonly calls: Record<CallEnd['kind'], number> = { acknowledged: 0, refused: 0, unknown: 0 };
  attempts = 0;

  ended(call: TrafficCall, end: CallEnd): void {
    this.calls[end.kind] += 1;
    this.attempts += end.attempts;
    const body = parseJson(call.body);
    const batchTime = Array.isArray(body) ? undefined : (body as JsonObject)['sentAt'];
    const sentAt = typeof batchTime === 'string' ? batchTime : undefined;
    for (const [index, event] of call.events.entries()) {
      const sending: Sending = { event, call, end, index, sentAt };
      this.#all.push(sending);
      const key = eventKey(call.connectorId, event.messageId);
      const others = this.#byEvent.get(key);
      if (others === undefined) this.#byEvent.set(key, [sending]);
      else others.push(sending);
    }
  }

  /** All sendings, in the order in which their calls ended. */
  all(): readonly Sending[] {
    return this.#all;
  }

  of(connectorId: string, messageId: string): readonly Sending[] {
    return this.#byEvent.get(eventKey(connectorId, messageId)) ?? [];
  }
}

export function eventKey(connectorId: string, messageId: string): string {
  return JSON.stringify([connectorId, messageId]);
}
