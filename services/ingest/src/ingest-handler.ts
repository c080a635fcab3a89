/**
 * One request from its body to its answer. The order of its effects is the guarantee:
 * 1. parse, authenticate, judge: nothing is stored yet, and a refusal only leaves a count and what it used of the
 *    connector's limit;
 * 2. store: good events and dead letters, awaited;
 * 3. answer 200: from here on the sender forgets the events, and all of them are on a topic. If 2 fails, the answer is
 *    503 and the sender repeats the request; what was stored before the failure is then stored twice, under one
 *    `messageId`.
 */
import type { Logger } from '@astrolabe/service-kit';
import type { ConnectorDirectory } from '@astrolabe/service-kit/connectors';
import { isPipelineError } from '@astrolabe/service-kit/errors';
import type { TraceContext } from '@astrolabe/tracing';
import type { ByteHold } from './core/limits/byte-budget.ts';
import type { JudgedContent, RequestOrigin } from './core/record/judge-content.ts';
import { overloadedAnswer, refusedAnswer, storedAnswer, type Answer } from './core/request/answer.ts';
import type { ReceivedBody, RefusedBody } from './core/request/inflate-body.ts';
import type { ContentSummary, RefusedRequest } from './core/request/parse-request.ts';
import { holdsApiKey } from './core/sender/authenticate.ts';
import { identifySender, type KnownSender, type RequestHead, type Sender } from './core/sender/identify-sender.ts';
import { openRequest, questionFor } from './core/sender/open-request.ts';
import type { EventSink } from './event-sink.ts';
import type { Fairness } from './fairness.ts';
import type { IngestMetrics } from './ingest-metrics.ts';
import { inflatedBytesOf, type BodyToRead, type EventReader } from './reading/event-reader.ts';
import { createStoreLog } from './store-log.ts';

export interface IngestRequest extends RequestHead {
  /** As `admit` returned it. */
  readonly sender: Sender;
  /** Not to be used afterwards: it may be handed over to another thread. */
  readonly body: ReceivedBody;
  /** For its records. */
  readonly trace: TraceContext | undefined;
  /** IPv4 address of the client, where known. */
  readonly clientIp: string | undefined;
  /** The client, for the limits of senders without a valid key. */
  readonly client: string;
  /** The body's share of the bytes in flight. */
  readonly hold: Pick<ByteHold, 'claim' | 'take'>;
}

export interface IngestHandlerDependencies {
  /** The current connectors, looked up for each request, so that a reload takes effect at once. */
  readonly connectors: () => Pick<ConnectorDirectory, 'byId' | 'byKey'>;
  readonly sink: EventSink;
  readonly fairness: Fairness;
  readonly reader: EventReader;
  readonly metrics: IngestMetrics;
  readonly logger: Logger;
  readonly nowMs: () => number;
}

export interface HandledRequest {
  readonly answer: Answer;
  /** The request's connector. Undefined if it was refused before that was known. */
  readonly connectorId: string | undefined;
}

export type Admission =
  | {
      readonly kind: 'admitted';
      readonly sender: Sender;
      /** Owner of the bytes in flight until the connector is known. */
      readonly owner: string;
      /** The sender in whose turn the body is inflated. */
      readonly turn: string;
    }
  | ({ readonly kind: 'answered' } & HandledRequest);

export interface IngestHandler {
  /**
   * Called before the body is read. Returns the sender as far as the headers tell, or the refusal of a request whose
   * body need not be read.
   */
  admit(head: RequestHead, client: string): Admission;
  /** The answer to a request whose body could not be accepted; charges its sender. */
  refuseBody(sender: Sender, client: string, refused: RefusedBody): HandledRequest;
  /** The answer to a request whose sender already holds its share of the bytes in flight. */
  refuseBeyondShare(sender: Sender): HandledRequest;
  /** Answers every request. Rejects only because of a defect of this program. */
  handle(request: IngestRequest): Promise<HandledRequest>;
}

/** Owner of the bytes, and sender, of requests whose connector is not known yet. No connector has this id. */
const UNKNOWN = '';

/** Long enough for a broker's leader election, short enough that a sender with few retries comes back. */
const RETRY_AFTER_STORE_FAILURE_SECONDS = 5;
/** As for the whole budget: acknowledgements free it, within milliseconds unless Kafka is down. */
const RETRY_AFTER_SHARE_EXCEEDED_SECONDS = 1;

export function createIngestHandler(dependencies: IngestHandlerDependencies): IngestHandler {
  return new Handler(dependencies);
}

class Handler implements IngestHandler {
  readonly #dependencies: IngestHandlerDependencies;
  readonly #storeLog: ReturnType<typeof createStoreLog>;

  constructor(dependencies: IngestHandlerDependencies) {
    this.#dependencies = dependencies;
    this.#storeLog = createStoreLog(dependencies.logger);
  }

  admit(head: RequestHead, client: string): Admission {
    const { connectors, fairness } = this.#dependencies;
    // analytics.js reports about itself without a key, and only wants to be rid of it.
    if (head.endpoint.kind === 'sdk-metrics') return answered(storedAnswer, undefined);
    const sender = identifySender(connectors(), head);
    if (sender.kind === 'refused') return answered(sender.answer, sender.connectorId);
    if (sender.kind !== 'known') {
      const refusal = fairness.refuseClient(client);
      return refusal === undefined
        ? { kind: 'admitted', sender, owner: UNKNOWN, turn: UNKNOWN }
        : answered(refusal, undefined);
    }
    const { id } = sender.connector;
    const refusal = fairness.refuse(sender);
    if (refusal !== undefined) return answered(refusal, id);
    return { kind: 'admitted', sender, owner: id, turn: turnOf(sender) };
  }

  refuseBody(sender: Sender, client: string, { code, message, inflatedBytes }: RefusedBody): HandledRequest {
    const { fairness, metrics } = this.#dependencies;
    const connectorId = connectorOf(sender);
    if (code === 'event.too-large') metrics.bodyTooLarge(connectorId ?? 'unknown');
    const answer = refusedAnswer(code === 'request.encoding' ? 415 : 400, code, message);
    if (sender.kind !== 'known') {
      fairness.chargeClient(client, 0, inflatedBytes);
      return { answer, connectorId };
    }
    const refusal = fairness.admitBytes(sender, inflatedBytes) ?? fairness.admitEvents(sender, 1);
    return { answer: refusal ?? answer, connectorId };
  }

  refuseBeyondShare(sender: Sender): HandledRequest {
    const connectorId = connectorOf(sender);
    return { answer: beyondShare(connectorId), connectorId };
  }

  handle(request: IngestRequest): Promise<HandledRequest> {
    const { sender } = request;
    return sender.kind === 'known' ? this.#read(request, sender, request.body) : this.#identifyAndRead(request, sender);
  }

  async #identifyAndRead(request: IngestRequest, unknown: Exclude<Sender, KnownSender>): Promise<HandledRequest> {
    const opened = await this.#open(request, unknown);
    if (opened.kind === 'refused') return opened;
    const { sender, body } = opened;
    const { id } = sender.connector;
    if (request.hold.claim(id)) return this.#read(request, sender, body);
    this.#dependencies.reader.drop(body);
    return { answer: beyondShare(id), connectorId: id };
  }

  /** Identifies the sender by the body, at the cost of the client until it is known. */
  async #open(request: IngestRequest, sender: Exclude<Sender, KnownSender>) {
    const { connectors, fairness, reader } = this.#dependencies;
    const { endpoint, body, client } = request;
    let workMs = 0;
    const asked = await reader.ask({ turn: UNKNOWN, endpoint, body }, questionFor(sender), {
      admitInflated: (bytes) => this.#admitInflated(request, sender, bytes),
      refuseBody: (refused) => this.refuseBody(sender, client, refused).answer,
      charge: (ms) => (workMs += ms),
    });
    if ('status' in asked) {
      fairness.chargeClient(client, workMs, 0);
      return { kind: 'refused', answer: asked, connectorId: undefined } as const;
    }
    const result = openRequest(connectors(), request, sender, asked.evidence);
    if (result.kind === 'refused') {
      fairness.chargeClient(client, workMs, inflatedBytesOf(asked.body) ?? 0);
      reader.drop(asked.body);
      return result;
    }
    fairness.chargeWork(result.sender, workMs);
    return { ...result, body: asked.body };
  }

  async #read(request: IngestRequest, sender: KnownSender, body: BodyToRead): Promise<HandledRequest> {
    const { fairness, reader } = this.#dependencies;
    const connectorId = sender.connector.id;
    const bodyBytes = inflatedBytesOf(body);
    const refusal =
      fairness.refuse(sender) ?? (bodyBytes === undefined ? undefined : fairness.admitBytes(sender, bodyBytes));
    if (refusal !== undefined) {
      reader.drop(body);
      return { answer: refusal, connectorId };
    }
    const judged = await reader.read(
      { turn: turnOf(sender), endpoint: request.endpoint, body },
      {
        // Others of its requests may have used up the limit while this one waited for its turn.
        refuse: () => fairness.refuse(sender),
        admitInflated: (bytes) => this.#admitInflated(request, sender, bytes),
        refuseBody: (refused) => this.refuseBody(sender, request.client, refused).answer,
        admit: (parsed) => this.#admitContent(request, sender, parsed),
        charge: (workMs) => fairness.chargeWork(sender, workMs),
      },
    );
    return { answer: 'status' in judged ? judged : await this.#store(judged, connectorId), connectorId };
  }

  /** As for a body that is inflated while it is received. */
  #admitInflated({ hold }: IngestRequest, sender: Sender, bodyBytes: number): Answer | undefined {
    const connectorId = connectorOf(sender);
    if (!hold.take(bodyBytes)) return overloadedAnswer;
    if (!hold.claim(connectorId ?? UNKNOWN)) return beyondShare(connectorId);
    return sender.kind === 'known' ? this.#dependencies.fairness.admitBytes(sender, bodyBytes) : undefined;
  }

  /** Step 1, once a body is parsed: whether its events may be judged, and by what. */
  #admitContent(
    request: IngestRequest,
    sender: KnownSender,
    parsed: ContentSummary | RefusedRequest,
  ): Answer | RequestOrigin {
    const { connectors, fairness, metrics, nowMs } = this.#dependencies;
    const { connector } = sender;
    if (parsed.kind === 'refused') {
      if (parsed.code === 'event.too-large') metrics.bodyTooLarge(connector.id);
      // What cannot be read costs as much to parse as what can, so a flood of it has the same limit.
      return fairness.admitEvents(sender, 1) ?? refusedAnswer(400, parsed.code, parsed.message);
    }
    // The share of bytes first: it can be had again, while tokens that were taken for a refusal are gone.
    if (!request.hold.take(parsed.sharedBytes)) return beyondShare(connector.id);
    const refusal = fairness.admitEvents(sender, parsed.eventCount);
    if (refusal !== undefined) return refusal;
    metrics.bodyTaken(connector.id, parsed.bodyBytes);
    return {
      endpoint: request.endpoint,
      connectorId: connector.id,
      receivedAtMs: nowMs(),
      clientIp: request.clientIp,
      trace: request.trace,
      isTrusted: sender.isTrusted || holdsApiKey(connectors(), connector, [parsed.writeKey]),
    };
  }

  /** Step 2 and 3. */
  async #store(judged: JudgedContent, connectorId: string): Promise<Answer> {
    const { events, deadLetters, answer } = judged;
    if (events.length + deadLetters.length === 0) {
      this.#count(judged, connectorId);
      return answer;
    }
    const { sink, metrics } = this.#dependencies;
    const startedAtMs = performance.now();
    try {
      await sink.store({ events, deadLetters });
    } catch (error) {
      if (!isPipelineError(error)) throw error;
      metrics.storeFailed(connectorId, error.code);
      this.#storeLog.failed(error);
      const message = 'the event store is not available; nothing was lost if you send the request again';
      return refusedAnswer(503, error.code, message, RETRY_AFTER_STORE_FAILURE_SECONDS);
    }
    metrics.acknowledged(connectorId, (performance.now() - startedAtMs) / 1000);
    this.#storeLog.stored();
    // Counted once acknowledged, so that the counts agree with the topics however often a request had to be repeated.
    this.#count(judged, connectorId);
    return answer;
  }

  #count({ deadLetters, verdicts, unreadableTimestamps }: JudgedContent, connectorId: string): void {
    const { metrics } = this.#dependencies;
    metrics.deadLettersStored(deadLetters);
    for (const { type, verdict, count } of verdicts) metrics.eventsJudged(connectorId, type, verdict, count);
    if (unreadableTimestamps > 0) metrics.timestampsUnreadable(connectorId, unreadableTimestamps);
  }
}

function answered(answer: Answer, connectorId: string | undefined): Admission {
  return { kind: 'answered', answer, connectorId };
}

function connectorOf(sender: Sender): string | undefined {
  return sender.kind === 'known' ? sender.connector.id : undefined;
}

/** Each key has its own turn, so that a flood with one does not delay the customer's others. */
function turnOf({ connector, share }: KnownSender): string {
  return `${connector.id} ${share}`;
}

function beyondShare(connectorId: string | undefined): Answer {
  const whose = connectorId === undefined ? 'senders without a key in the header' : `connector ${connectorId}`;
  const message = `too many bytes of ${whose} await storage; send the request again after the pause`;
  return refusedAnswer(503, 'ingest.overloaded', message, RETRY_AFTER_SHARE_EXCEEDED_SECONDS);
}
