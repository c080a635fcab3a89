/**
 * What the thread that reads costly bodies is asked, and what it answers. A request is parsed with one call and judged
 * with the next, so that it is admitted in between, as one that is read without the thread.
 */
import type { OutgoingRecord } from '@astrolabe/records';
import { present } from '@astrolabe/service-kit/errors';
import type { JudgedContent, RequestOrigin } from '../core/record/judge-content.ts';
import { judgeContent } from '../core/record/judge-content.ts';
import { packRecords, unpackRecords, type PackedRecords } from '../core/record/pack-records.ts';
import type { Endpoint } from '../core/request/endpoints.ts';
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

export type ReadingCall =
  /** Gives the body back. */
  | { readonly kind: 'ask'; readonly endpoint: Endpoint; readonly question: SenderQuestion; readonly body: Block }
  /** Keeps what was parsed until the next call, and that of no earlier one. */
  | { readonly kind: 'parse'; readonly endpoint: Endpoint; readonly body: Block }
  /** Of what the call before has parsed. */
  | { readonly kind: 'judge'; readonly origin: RequestOrigin }
  | { readonly kind: 'forget' };

export type ReadingReply =
  | { readonly kind: 'evidence'; readonly evidence: SenderEvidence }
  | { readonly kind: 'parsed'; readonly parsed: ContentSummary | RefusedRequest }
  | { readonly kind: 'judged'; readonly judged: PackedContent }
  | { readonly kind: 'forgotten' };

export interface PackedContent extends Omit<JudgedContent, 'events' | 'deadLetters'> {
  readonly events: PackedRecords;
  readonly deadLetters: PackedRecords;
}

/** A reply, or the error of a defect; both with the time that they took. */
export type ReadingResult = (ReadingReply | { readonly kind: 'failed'; readonly error: unknown }) & {
  readonly workMs: number;
};

export interface CallAnswererOptions {
  /** Milliseconds from any origin that never go back. */
  readonly monotonicMs: () => number;
  readonly newMessageId: () => string;
}

/** The thread's side: answers one call after the other, and never throws. */
export function createCallAnswerer({ monotonicMs, newMessageId }: CallAnswererOptions) {
  let content: RequestContent | undefined;

  const reply = (call: ReadingCall): ReadingReply => {
    const parsedBefore = content;
    content = undefined;
    switch (call.kind) {
      case 'ask':
        return { kind: 'evidence', evidence: askBody(call.endpoint, call.question, asBuffer(call.body)) };
      case 'parse': {
        const parsed = parseRequest(call.endpoint, asBuffer(call.body));
        if (parsed.kind === 'refused') return { kind: 'parsed', parsed };
        content = parsed;
        return { kind: 'parsed', parsed: summaryOf(parsed) };
      }
      case 'judge': {
        const judged = judgeContent(present(parsedBefore, 'the parsed request'), call.origin, newMessageId);
        const [events, deadLetters] = [packRecords(judged.events), packRecords(judged.deadLetters)];
        return { kind: 'judged', judged: { ...judged, events, deadLetters } };
      }
      case 'forget':
        return { kind: 'forgotten' };
    }
  };

  return (call: ReadingCall): ReadingResult => {
    const startedAtMs = monotonicMs();
    try {
      return { ...reply(call), workMs: monotonicMs() - startedAtMs };
    } catch (error) {
      return { kind: 'failed', error, workMs: monotonicMs() - startedAtMs };
    }
  };
}

/** What a call, or its result, hands over. */
export function blocksOf(message: ReadingCall | ReadingResult): ArrayBuffer[] {
  switch (message.kind) {
    case 'ask':
    case 'parse':
      return [message.body.buffer];
    case 'evidence': {
      const { evidence } = message;
      const body = evidence.kind === 'write-key' ? evidence.body : provenBody(evidence);
      return body !== undefined && isWhole(body) ? [body.buffer] : [];
    }
    case 'judged':
      return [message.judged.events, message.judged.deadLetters].flatMap((records) => [
        records.bytes.buffer,
        records.layout.buffer,
      ]);
    default:
      return [];
  }
}

/** The body as a block that can be handed over: itself if no other buffer shares its memory, else a copy. */
export function toBlock(body: Buffer): Block {
  return isWhole(body) ? body : new Uint8Array(body);
}

/** Evidence that came from another thread, where buffers become plain arrays of bytes. */
export function receivedEvidence(evidence: SenderEvidence): SenderEvidence {
  if (evidence.kind === 'write-key') return { ...evidence, body: asBuffer(evidence.body) };
  const { proof } = evidence;
  return proof.kind === 'unproven' ? evidence : { ...evidence, proof: { ...proof, body: asBuffer(proof.body) } };
}

export function receivedContent({ events, deadLetters, ...others }: PackedContent): JudgedContent {
  const unpacked = (records: PackedRecords): readonly OutgoingRecord[] => unpackRecords(records);
  return { ...others, events: unpacked(events), deadLetters: unpacked(deadLetters) };
}

function provenBody({ proof }: Extract<SenderEvidence, { kind: 'signature' }>): Buffer | undefined {
  return proof.kind === 'proven' ? proof.body : undefined;
}

function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

function isWhole(body: Buffer): body is Buffer<ArrayBuffer> {
  return body.buffer instanceof ArrayBuffer && body.byteLength === body.buffer.byteLength;
}
