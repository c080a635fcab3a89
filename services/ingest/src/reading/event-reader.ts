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
import { parseRequest, summaryOf, type ContentSummary, type RefusedRequest } from '../core/request/parse-request.ts';
import { askBody, type SenderEvidence, type SenderQuestion } from '../core/sender/open-request.ts';
import { FairSlots, type Turns } from '../turns.ts';
import { receivedContent, receivedEvidence, toBlock, type ReadingCall, type ReadingReply } from './reading-calls.ts';
import type { ReadingThread } from './reading-thread.ts';

export interface EventReaderOptions {
  readonly turns: Turns;
  readonly thread: ReadingThread;
  readonly monotonicMs: () => number;
  /** A new UUID for an event without a `messageId`. */
  readonly newMessageId: () => string;
  /** Default: by the body's size and brackets. */
  readonly isReadInline?: (body: Buffer) => boolean;
}

export interface BodyToRead {
  readonly turn: string;
  readonly endpoint: Endpoint;
  /** Inflated. Not to be used any more: it may be handed over to the thread. */
  readonly body: Buffer;
}

/** What the sender may cost, asked while its body is read. */
export interface ReadingGate {
  /** Called when its turn has come: a refusal, or undefined if it may be read. */
  refuse(): Answer | undefined;
  /** Called with what was parsed: a refusal, or the origin with which its events are judged. */
  admit(parsed: ContentSummary | RefusedRequest): Answer | RequestOrigin;
  /** Called with the milliseconds that a part of the work took, whatever came of it. */
  charge(workMs: number): void;
}

/** As after a failure to store: the thread starts again at once, and a body that it cannot read should not be soon. */
const RETRY_AFTER_LOST_SECONDS = 5;

type Reply<Kind extends ReadingReply['kind']> = Extract<ReadingReply, { kind: Kind }>;
type CallThread = <Kind extends ReadingReply['kind']>(kind: Kind, call: ReadingCall) => Promise<Reply<Kind>>;

export class EventReader {
  readonly #options: EventReaderOptions;
  readonly #isReadInline: (body: Buffer) => boolean;
  /** One, since there is one thread. Bodies wait for it in turns by sender. */
  readonly #slots = new FairSlots(1);
  /** How many bodies of each sender are in the thread or wait for it. */
  readonly #inThread = new Map<string, number>();

  constructor(options: EventReaderOptions) {
    this.#options = options;
    this.#isReadInline = options.isReadInline ?? isReadInline;
  }

  /** What the body says of its sender, or 503 if the thread was lost. */
  async ask(
    { turn, endpoint, body }: BodyToRead,
    question: SenderQuestion,
    charge: ReadingGate['charge'],
  ): Promise<SenderEvidence | Answer> {
    const here = (): SenderEvidence => askBody(endpoint, question, body);
    const inThread = async (call: CallThread): Promise<SenderEvidence> =>
      receivedEvidence((await call('evidence', { kind: 'ask', endpoint, question, body: toBlock(body) })).evidence);
    return this.#inTurn({ turn, endpoint, body }, here, inThread, charge);
  }

  /** The events as records, or the refusal. */
  async read(read: BodyToRead, { refuse, admit, charge }: ReadingGate): Promise<JudgedContent | Answer> {
    const { endpoint, body } = read;
    const here = (): JudgedContent | Answer => {
      const refusal = refuse();
      if (refusal !== undefined) return refusal;
      const content = parseRequest(endpoint, body);
      const admitted = admit(content.kind === 'refused' ? content : summaryOf(content));
      if ('status' in admitted || content.kind === 'refused') return asAnswer(admitted);
      return judgeContent(content, admitted, this.#options.newMessageId);
    };
    const inThread = async (call: CallThread): Promise<JudgedContent | Answer> => {
      const refusal = refuse();
      if (refusal !== undefined) return refusal;
      const { parsed } = await call('parsed', { kind: 'parse', endpoint, body: toBlock(body) });
      const admitted = admit(parsed);
      if (parsed.kind === 'refused') return asAnswer(admitted);
      if ('status' in admitted) {
        await call('forgotten', { kind: 'forget' });
        return admitted;
      }
      return receivedContent((await call('judged', { kind: 'judge', origin: admitted })).judged);
    };
    return this.#inTurn(read, here, inThread, charge);
  }

  /** Decided in the sender's turn, so that none of its bodies overtakes another on either way. */
  async #inTurn<Result>(
    { turn, body }: BodyToRead,
    here: () => Result,
    inThread: (call: CallThread) => Promise<Result>,
    charge: ReadingGate['charge'],
  ): Promise<Result | Answer> {
    const begin = (): Result | Promise<Result | Answer> =>
      this.#isReadInline(body) && !this.#inThread.has(turn) ? here() : this.#passOn(turn, inThread, charge);
    return this.#options.turns.run(turn, begin, charge);
  }

  async #passOn<Result>(
    turn: string,
    work: (call: CallThread) => Promise<Result>,
    charge: ReadingGate['charge'],
  ): Promise<Result | Answer> {
    this.#inThread.set(turn, (this.#inThread.get(turn) ?? 0) + 1);
    let workMs = 0;
    const callThread = this.#caller((ms) => {
      workMs += ms;
      charge(ms);
    });
    try {
      return await this.#slots.run(
        turn,
        () => unlessLost(work(callThread)),
        () => workMs,
      );
    } finally {
      const left = (this.#inThread.get(turn) ?? 0) - 1;
      if (left > 0) this.#inThread.set(turn, left);
      else this.#inThread.delete(turn);
    }
  }

  #caller(charge: ReadingGate['charge']): CallThread {
    const { thread, monotonicMs } = this.#options;
    return async <Kind extends ReadingReply['kind']>(kind: Kind, call: ReadingCall): Promise<Reply<Kind>> => {
      const startedAtMs = monotonicMs();
      const result = await thread.call(call).catch((error: unknown) => {
        // Otherwise a body that ends the thread would cost its sender nothing.
        charge(monotonicMs() - startedAtMs);
        throw error;
      });
      charge(result.workMs);
      if (result.kind === 'failed') throw result.error;
      if (!isReply(result, kind)) throw defect(`the reading thread answered ${result.kind} instead of ${kind}`);
      return result;
    };
  }
}

function isReply<Kind extends ReadingReply['kind']>(reply: ReadingReply, kind: Kind): reply is Reply<Kind> {
  return reply.kind === kind;
}

async function unlessLost<Result>(work: Promise<Result>): Promise<Result | Answer> {
  try {
    return await work;
  } catch (error) {
    if (!isPipelineError(error, 'ingest.reading-thread-lost')) throw error;
    const message = 'the request could not be read, and nothing of it is stored; send it again after the pause';
    return refusedAnswer(503, error.code, message, RETRY_AFTER_LOST_SECONDS);
  }
}

function asAnswer(admitted: Answer | RequestOrigin): Answer {
  if ('status' in admitted) return admitted;
  throw defect('a request that cannot be read was admitted');
}
