/**
 * Reads bodies, each in the turn of its sender: small ones on the event loop, costly ones in a thread of their own,
 * which holds up nobody but its sender and other senders of costly bodies.
 *
 * What is read of a sender is stored in the order in which it came. So while a body of a sender is in the thread, or
 * waits for it, the sender's later ones go the same way, however small.
 */
import { defect, isPipelineError } from '@astrolabe/service-kit/errors';
import { isReadInline } from '../core/limits/inline-body.ts';
import { judgeContent, type JudgedContent, type RequestOrigin } from '../core/record/judge-content.ts';
import { refusedAnswer, type Answer } from '../core/request/answer.ts';
import type { Endpoint } from '../core/request/endpoints.ts';
import type { ReceivedBody, RefusedBody } from '../core/request/inflate-body.ts';
import { parseRequest, summaryOf, type ContentSummary, type RefusedRequest } from '../core/request/parse-request.ts';
import { askBody, type SenderEvidence, type SenderQuestion } from '../core/sender/open-request.ts';
import { FairSlots, type Turns } from '../turns.ts';
import { receivedContent, toBlock, type ReadingCall, type ReadingReply } from './reading-calls.ts';
import { lost, type ReadingThread } from './reading-thread.ts';

export interface EventReaderOptions {
  readonly turns: Turns;
  readonly thread: ReadingThread;
  readonly maxInflatedBytes: number;
  readonly monotonicMs: () => number;
  /** A new UUID for an event without a `messageId`. */
  readonly newMessageId: () => string;
  /** Default: by the body's size and brackets. */
  readonly isReadInline?: (body: Buffer) => boolean;
}

/** A body as it was received, not to be used otherwise since it is handed over; or one that the thread already has. */
export type BodyToRead = ReceivedBody | LoadedBody;

/** Its size when inflated. Undefined for one that has to be inflated first. */
export function inflatedBytesOf(body: BodyToRead): number | undefined {
  if ('id' in body) return body.bodyBytes;
  return body.encoding === 'none' ? body.bytes.length : undefined;
}

export interface LoadedBody {
  readonly id: number;
  /** Inflated. */
  readonly bodyBytes: number;
}

export interface ReadRequest {
  /** The sender in whose turn it is read. */
  readonly turn: string;
  readonly endpoint: Endpoint;
  readonly body: BodyToRead;
}

/** What the sender may cost, asked while its body is read. */
export interface ReadingGate {
  /** Called with the size of a body that is known only now. A refusal, or undefined if it may be read. */
  admitInflated(bodyBytes: number): Answer | undefined;
  /** Called for a body that cannot be inflated. */
  refuseBody(refused: RefusedBody): Answer;
  /** Called with the milliseconds that a part of the work took, whatever came of it. Inflating is not part of it. */
  charge(workMs: number): void;
}

export interface EventGate extends ReadingGate {
  /** Called when its turn has come: a refusal, or undefined if it may be read. */
  refuse(): Answer | undefined;
  /** Called with what was parsed: a refusal, or the origin with which its events are judged. */
  admit(parsed: ContentSummary | RefusedRequest): Answer | RequestOrigin;
}

/** What a body says of its sender. */
export interface AskedRequest {
  readonly evidence: SenderEvidence;
  /** To be read or dropped. */
  readonly body: BodyToRead;
}

/** The thread starts again at once, but a body that it cannot read should not come back soon. */
const RETRY_AFTER_LOST_SECONDS = 5;

type Reply<Kind extends ReadingReply['kind']> = Extract<ReadingReply, { kind: Kind }>;

/** The work of one body in the thread. */
interface ThreadWork {
  /** Brings the body to the thread, unless it is there. */
  load(): Promise<LoadedBody | Answer>;
  call<Kind extends ReadingReply['kind']>(kind: Kind, call: ReadingCall): Promise<Reply<Kind>>;
}

export class EventReader {
  readonly #options: EventReaderOptions;
  readonly #isReadInline: (body: Buffer) => boolean;
  /** One, since there is one thread. Bodies wait for it in turns by sender. */
  readonly #slots = new FairSlots(1);
  /** How many bodies of each sender are in the thread or wait for it. */
  readonly #inThread = new Map<string, number>();
  #lastId = 0;

  constructor(options: EventReaderOptions) {
    this.#options = options;
    this.#isReadInline = options.isReadInline ?? isReadInline;
  }

  /** The evidence, or the refusal. */
  ask(request: ReadRequest, question: SenderQuestion, gate: ReadingGate): Promise<AskedRequest | Answer> {
    const { endpoint } = request;
    const here = (bytes: Buffer): AskedRequest => {
      const { evidence, body } = askBody(endpoint, question, bytes);
      return { evidence, body: { bytes: body, encoding: 'none' } };
    };
    const inThread = async ({ load, call }: ThreadWork): Promise<AskedRequest | Answer> => {
      const loaded = await load();
      if ('status' in loaded) return loaded;
      const { id } = loaded;
      try {
        const { evidence, bodyBytes } = await call('asked', { kind: 'ask', id, endpoint, question });
        return { evidence, body: { id, bodyBytes } };
      } catch (error) {
        this.drop(loaded);
        throw error;
      }
    };
    return this.#inTurn(request, here, inThread, gate);
  }

  /** The events as records, or the refusal. */
  read(request: ReadRequest, gate: EventGate): Promise<JudgedContent | Answer> {
    const { endpoint } = request;
    const here = (bytes: Buffer): JudgedContent | Answer => {
      const refusal = gate.refuse();
      if (refusal !== undefined) return refusal;
      const content = parseRequest(endpoint, bytes);
      const admitted = gate.admit(content.kind === 'refused' ? content : summaryOf(content));
      if ('status' in admitted || content.kind === 'refused') return asAnswer(admitted);
      return judgeContent(content, admitted, this.#options.newMessageId);
    };
    const inThread = async ({ load, call }: ThreadWork): Promise<JudgedContent | Answer> => {
      const refusal = gate.refuse();
      if (refusal !== undefined) {
        this.drop(request.body);
        return refusal;
      }
      const loaded = await load();
      if ('status' in loaded) return loaded;
      const { id } = loaded;
      try {
        const { parsed } = await call('parsed', { kind: 'parse', id, endpoint });
        const admitted = gate.admit(parsed);
        if ('status' in admitted || parsed.kind === 'refused') return asAnswer(admitted);
        return receivedContent((await call('judged', { kind: 'judge', id, origin: admitted })).judged);
      } finally {
        this.drop(loaded);
      }
    };
    return this.#inTurn(request, here, inThread, gate);
  }

  /** After `ask`, for a body that is not read after all. */
  drop(body: BodyToRead): void {
    if ('id' in body) this.#options.thread.drop(body.id);
  }

  /** Decided in the sender's turn, so that none of its bodies overtakes another on either way. */
  async #inTurn<Result>(
    { turn, body }: ReadRequest,
    here: (bytes: Buffer) => Result,
    inThread: (work: ThreadWork) => Promise<Result | Answer>,
    gate: ReadingGate,
  ): Promise<Result | Answer> {
    const { turns } = this.#options;
    let isPassedOn = false;
    const begin = (): Result | Promise<Result | Answer> => {
      const isHere = 'bytes' in body && body.encoding === 'none' && !this.#inThread.has(turn);
      if (isHere && this.#isReadInline(body.bytes)) return here(body.bytes);
      isPassedOn = true;
      return this.#passOn(turn, body, inThread, gate);
    };
    // Passing a body on takes no time to speak of; the thread says what it took.
    return turns.run(turn, begin, (workMs) => (isPassedOn ? undefined : gate.charge(workMs)));
  }

  async #passOn<Result>(
    turn: string,
    body: BodyToRead,
    inThread: (work: ThreadWork) => Promise<Result | Answer>,
    gate: ReadingGate,
  ): Promise<Result | Answer> {
    this.#inThread.set(turn, (this.#inThread.get(turn) ?? 0) + 1);
    let workMs = 0;
    const work = this.#workOn(body, gate, (ms) => (workMs += ms));
    try {
      return await this.#slots.run(
        turn,
        () => unlessLost(inThread(work)),
        () => workMs,
      );
    } finally {
      const left = (this.#inThread.get(turn) ?? 0) - 1;
      if (left > 0) this.#inThread.set(turn, left);
      else this.#inThread.delete(turn);
    }
  }

  /** `onWorked` gets all milliseconds of the thread, those of inflating as well. */
  #workOn(body: BodyToRead, gate: ReadingGate, onWorked: (workMs: number) => void): ThreadWork {
    const { thread, monotonicMs, maxInflatedBytes } = this.#options;
    const call: ThreadWork['call'] = async (kind, asked) => {
      const startedAtMs = monotonicMs();
      const result = await thread.call(asked).catch((error: unknown) => {
        // Otherwise a body that ends the thread would cost its sender nothing.
        gate.charge(monotonicMs() - startedAtMs);
        throw error;
      });
      onWorked(result.workMs);
      if (asked.kind !== 'load') gate.charge(result.workMs);
      if (result.kind === 'failed') throw result.error;
      if (result.kind === 'absent') throw lost('it ended after the body was brought to it');
      if (!isReply(result, kind)) throw defect(`the reading thread answered ${result.kind} instead of ${kind}`);
      return result;
    };
    const load = async (): Promise<LoadedBody | Answer> => {
      if ('id' in body) return body;
      const { bytes, encoding } = body;
      const id = (this.#lastId += 1);
      const { loaded } = await call('loaded', { kind: 'load', id, body: toBlock(bytes), encoding, maxInflatedBytes });
      if (loaded.kind === 'refused') return gate.refuseBody(loaded);
      const { bodyBytes } = loaded;
      const refusal = encoding === 'none' ? undefined : gate.admitInflated(bodyBytes);
      if (refusal === undefined) return { id, bodyBytes };
      thread.drop(id);
      return refusal;
    };
    return { load, call };
  }
}

function isReply<Kind extends ReadingReply['kind']>(reply: ReadingReply, kind: Kind): reply is Reply<Kind> {
  return reply.kind === kind;
}

async function unlessLost<Result>(work: Promise<Result>): Promise<Result | Answer> {
  try {
    return await work;
  } catch (error) {
    if (!isPipelineError(error, 'ingest.internal')) throw error;
    const message = 'the request could not be read, and nothing of it is stored; send it again after the pause';
    return refusedAnswer(503, error.code, message, RETRY_AFTER_LOST_SECONDS);
  }
}

function asAnswer(admitted: Answer | RequestOrigin): Answer {
  if ('status' in admitted) return admitted;
  throw defect('a request that cannot be read was admitted');
}
