/**
 * What the thread that reads costly bodies is asked, and what it answers. A body is brought with one call, parsed with
 * another and judged with a third, so that it is admitted in between, as one that is read without the thread.
 */
import { present } from '@astrolabe/service-kit/errors';
import { judgeContent, type JudgedContent, type RequestOrigin } from '../core/record/judge-content.ts';
import { packRecords, unpackRecords, type PackedRecords } from '../core/record/pack-records.ts';
import type { Endpoint } from '../core/request/endpoints.ts';
import { inflateBody, type BodyEncoding, type RefusedBody } from '../core/request/inflate-body.ts';
import {
  parseRequest,
  summaryOf,
  type ContentSummary,
  type RefusedRequest,
  type RequestContent,
} from '../core/request/parse-request.ts';
import { askBody, type SenderEvidence, type SenderQuestion } from '../core/sender/open-request.ts';

/** Bytes that are handed over, not copied: the side that sends them has them no more. */
type Block = Uint8Array<ArrayBuffer>;

/** `id` is the body's. */
export type ReadingCall = { readonly id: number } & (
  | { readonly kind: 'load'; readonly body: Block; readonly encoding: BodyEncoding; readonly maxInflatedBytes: number }
  | { readonly kind: 'ask'; readonly endpoint: Endpoint; readonly question: SenderQuestion }
  | { readonly kind: 'parse'; readonly endpoint: Endpoint }
  /** After it was parsed. The thread then has the body no more. */
  | { readonly kind: 'judge'; readonly origin: RequestOrigin }
);

export type ReadingReply =
  | { readonly kind: 'loaded'; readonly loaded: LoadedBody | ({ readonly kind: 'refused' } & RefusedBody) }
  | { readonly kind: 'asked'; readonly evidence: SenderEvidence; readonly bodyBytes: number }
  | { readonly kind: 'parsed'; readonly parsed: ContentSummary | RefusedRequest }
  | { readonly kind: 'judged'; readonly judged: PackedContent };

export interface LoadedBody {
  readonly kind: 'loaded';
  /** Inflated. */
  readonly bodyBytes: number;
}

export interface PackedContent extends Omit<JudgedContent, 'events' | 'deadLetters'> {
  readonly events: PackedRecords;
  readonly deadLetters: PackedRecords;
}

/**
 * A reply, or the error of a defect; both with the time that they took. `absent` if the thread does not have the body,
 * since it was brought to one that has ended.
 */
export type ReadingResult = (
  ReadingReply | { readonly kind: 'absent' } | { readonly kind: 'failed'; error: unknown }
) & {
  readonly workMs: number;
};

export interface CallAnswererOptions {
  /** Milliseconds from any origin that never go back. */
  readonly monotonicMs: () => number;
  readonly newMessageId: () => string;
}

export interface CallAnswerer {
  /** Never throws. */
  answer(call: ReadingCall): ReadingResult;
  /** Forgets a body, if it is there. */
  drop(id: number): void;
}

interface Kept {
  readonly body: Buffer;
  readonly content?: RequestContent;
}

/** The thread's side. */
export function createCallAnswerer({ monotonicMs, newMessageId }: CallAnswererOptions): CallAnswerer {
  const bodies = new Map<number, Kept>();

  const load = ({ id, body, encoding, maxInflatedBytes }: Extract<ReadingCall, { kind: 'load' }>): ReadingReply => {
    const inflated = inflateBody({ bytes: asBuffer(body), encoding }, maxInflatedBytes);
    if (inflated.kind === 'refused') return { kind: 'loaded', loaded: inflated };
    bodies.set(id, { body: inflated.bytes });
    return { kind: 'loaded', loaded: { kind: 'loaded', bodyBytes: inflated.bytes.length } };
  };

  const reply = (call: ReadingCall): ReadingReply | { readonly kind: 'absent' } => {
    if (call.kind === 'load') return load(call);
    const kept = bodies.get(call.id);
    if (kept === undefined) return { kind: 'absent' };
    switch (call.kind) {
      case 'ask': {
        const { evidence, body } = askBody(call.endpoint, call.question, kept.body);
        bodies.set(call.id, { body });
        return { kind: 'asked', evidence, bodyBytes: body.length };
      }
      case 'parse': {
        const content = parseRequest(call.endpoint, kept.body);
        if (content.kind === 'refused') return { kind: 'parsed', parsed: content };
        bodies.set(call.id, { ...kept, content });
        return { kind: 'parsed', parsed: summaryOf(content) };
      }
      case 'judge': {
        bodies.delete(call.id);
        const judged = judgeContent(present(kept.content, 'the parsed request'), call.origin, newMessageId);
        const [events, deadLetters] = [packRecords(judged.events), packRecords(judged.deadLetters)];
        return { kind: 'judged', judged: { ...judged, events, deadLetters } };
      }
    }
  };

  const answer = (call: ReadingCall): ReadingResult => {
    const startedAtMs = monotonicMs();
    try {
      return { ...reply(call), workMs: monotonicMs() - startedAtMs };
    } catch (error) {
      return { kind: 'failed', error, workMs: monotonicMs() - startedAtMs };
    }
  };
  return { answer, drop: (id) => void bodies.delete(id) };
}

/** What a call, or its result, hands over. */
export function blocksOf(message: ReadingCall | ReadingResult): ArrayBuffer[] {
  if (message.kind === 'load') return [message.body.buffer];
  if (message.kind !== 'judged') return [];
  const { events, deadLetters } = message.judged;
  return [events, deadLetters].flatMap(({ bytes, layout }) => [bytes.buffer, layout.buffer]);
}

/** The body as a block that can be handed over: itself if no other buffer shares its memory, else a copy. */
export function toBlock(body: Buffer): Block {
  return isWhole(body) ? body : new Uint8Array(body);
}

export function receivedContent({ events, deadLetters, ...others }: PackedContent): JudgedContent {
  return { ...others, events: unpackRecords(events), deadLetters: unpackRecords(deadLetters) };
}

function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

function isWhole(body: Buffer): body is Buffer<ArrayBuffer> {
  return body.buffer instanceof ArrayBuffer && body.byteLength === body.buffer.byteLength;
}
