/**
 * One request from its body to its answer. The order of its effects is the guarantee:
 * 1. parse, authenticate, judge: nothing has happened yet, and a refusal leaves no trace but a count and what it took of
 *    the connector's limit;
 * 2. store: good events and dead letters, awaited;
 * 3. answer 200: from here on the sender forgets the events, and all of them are on a topic.
 * If 2 fails the answer is 503 and the sender repeats the request; what was stored before the failure is then stored
 * twice, under one `messageId`.
 */
import {
  eventTimes,
  judgeEvent,
  maxBatchEvents,
  maxDeliveredEventBytes,
  maxEventBytes,
  maxWebhookItems,
  type AcceptanceRules,
} from '@astrolabe/segment';
import { isPipelineError, type ConnectorDirectory, type ErrorCode, type Logger } from '@astrolabe/service-kit';
import type { OutgoingRecord } from '@astrolabe/kafka';
import { partlyStoredAnswer, refusedAnswer, storedAnswer, type Answer, type RejectedEvent } from './core/answer.ts';
import type { ByteHold } from './core/byte-budget.ts';
import type { Endpoint } from './core/endpoints.ts';
import { buildDeadLetter, buildEventRecord, buildRecordOrigin } from './core/event-record.ts';
import { identifySender, type KnownSender, type RequestHead, type Sender } from './core/identify-sender.ts';
import { holdsApiKey } from './core/authenticate.ts';
import { openRequest } from './core/open-request.ts';
import { parseRequest, type RequestContent } from './core/parse-request.ts';
import { validTraceparent } from './core/trace-context.ts';
import type { EventSink, RecordsToStore } from './event-sink.ts';
import type { Fairness } from './fairness.ts';
import type { IngestMetrics } from './ingest-metrics.ts';
import { createStoreLog } from './store-log.ts';
import type { Turns } from './turns.ts';
import { VerdictCounts } from './verdict-counts.ts';

export interface IngestRequest extends RequestHead {
  /** As `admit` has given it. */
  readonly sender: Sender;
  /** Inflated. */
  readonly body: Buffer;
  readonly traceparent: string | undefined;
  /** IPv4 address of the client, where known. */
  readonly clientIp: string | undefined;
  /** The client for the limits of those without a valid key. */
  readonly client: string;
  /** What the body holds of the bytes in flight. */
  readonly hold: Pick<ByteHold, 'claim' | 'take'>;
}

/** A body that could not be taken as it came. */
export interface RefusedBody {
  readonly code: ErrorCode;
  readonly message: string;
  /** What was inflated of it all the same. */
  readonly inflatedBytes: number;
}

export interface IngestHandlerDependencies {
  /** The connectors of the moment; asked at each request, so that a reload takes effect at once. */
  readonly connectors: () => Pick<ConnectorDirectory, 'byId' | 'byKey'>;
  readonly sink: EventSink;
  readonly fairness: Fairness;
  readonly turns: Turns;
  readonly metrics: IngestMetrics;
  readonly logger: Logger;
  readonly nowMs: () => number;
  /** A new UUID for an event that came without a `messageId`. */
  readonly newMessageId: () => string;
}

export interface HandledRequest {
  readonly answer: Answer;
  /** Whose request it was. Undefined where it was refused before that was known. */
  readonly connectorId: string | undefined;
}

export type Admission =
  | {
      readonly kind: 'admitted';
      readonly sender: Sender;
      /** Whose the bytes in flight are until more is known. */
      readonly owner: string;
      /** In whose turn the body is inflated. */
      readonly turn: string;
    }
  | ({ readonly kind: 'answered' } & HandledRequest);

export interface IngestHandler {
  /** Before the body is read: whose it is as far as the head tells, or the answer to a request whose body is not worth reading. */
  admit(head: RequestHead, client: string): Admission;
  /** The answer to a request whose body could not be taken, and what its sender is charged for it. */
  refuseBody(sender: Sender, client: string, refused: RefusedBody): HandledRequest;
  /** The answer to a request whose sender holds its share of the bytes in flight already. */
  refuseBeyondShare(sender: Sender): HandledRequest;
  /** Answers every request; rejects only for a defect of this program. */
  handle(request: IngestRequest): Promise<HandledRequest>;
}

/** A request that has been judged: what is to be stored, and the answer once it is. */
interface Judged {
  readonly records: RecordsToStore;
  readonly answer: Answer;
  onStored(): void;
}

/** Owner of the bytes, and turn, of those whose connector is not known yet. No connector has it as its id. */
const UNKNOWN = '';

/** Long enough for a broker's leader election, short enough that a sender with few retries comes back. */
const RETRY_AFTER_STORE_FAILURE_SECONDS = 5;
/** As for the budget of all: acknowledgements free it, within milliseconds unless Kafka is away. */
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

  async handle(request: IngestRequest): Promise<HandledRequest> {
    const { fairness, turns } = this.#dependencies;
    let { sender, body } = request;
    if (sender.kind !== 'known') {
      const { opened, workMs } = this.#openInTurn(request);
      const result = await opened;
      if (result.kind === 'refused') {
        fairness.chargeClient(request.client, workMs(), body.length);
        return result;
      }
      ({ sender, body } = result);
      fairness.chargeWork(sender, workMs());
      if (!request.hold.claim(sender.connector.id)) {
        return { answer: beyondShare(sender.connector.id), connectorId: sender.connector.id };
      }
    }
    const known = sender;
    const { id } = known.connector;
    const refusal = fairness.refuse(known) ?? fairness.admitBytes(known, body.length);
    if (refusal !== undefined) return { answer: refusal, connectorId: id };
    const charge = (workMs: number): void => fairness.chargeWork(known, workMs);
    const judged = await turns.run(turnOf(known), () => this.#read(request, known, body), charge);
    return { answer: 'status' in judged ? judged : await this.#store(judged, id), connectorId: id };
  }

  #openInTurn(request: IngestRequest) {
    const { connectors, turns } = this.#dependencies;
    let workMs = 0;
    const open = () => openRequest(connectors(), request, request.sender, request.body);
    return { opened: turns.run(UNKNOWN, open, (took) => (workMs = took)), workMs: () => workMs };
  }

  /** Step 1 for a sender who is known: all that its body costs on the thread that everybody shares. */
  #read(request: IngestRequest, sender: KnownSender, body: Buffer): Judged | Answer {
    const { fairness, metrics } = this.#dependencies;
    // Others of its requests may have used up the limit while this one waited for its turn.
    const refusal = fairness.refuse(sender);
    if (refusal !== undefined) return refusal;
    const { connector } = sender;
    const content = parseRequest(request.endpoint, body);
    if (content.kind === 'refused') {
      if (content.code === 'event.too-large') metrics.bodyTooLarge(connector.id);
      // What cannot be read costs as much to parse as what can, so a flood of it has the same limit.
      return fairness.admitEvents(sender, 1) ?? refusedAnswer(400, content.code, content.message);
    }
    // The share of bytes first: it can be had again, while tokens that were taken for a refusal are gone.
    if (!request.hold.take(content.sharedBytes)) return beyondShare(connector.id);
    return fairness.admitEvents(sender, content.events.length) ?? this.#judge(request, sender, content);
  }

  #judge(request: IngestRequest, sender: KnownSender, content: RequestContent): Judged | Answer {
    const { connectors, metrics, nowMs, newMessageId } = this.#dependencies;
    const { endpoint } = request;
    const { connector } = sender;
    const isTrusted = sender.isTrusted || holdsApiKey(connectors(), connector, [content.writeKey]);
    const rules = rulesFor(endpoint, isTrusted);
    metrics.bodyTaken(connector.id, content.bytes.length);
    const origin = buildRecordOrigin(connector.id, nowMs(), {
      envelope: content.envelope,
      clientIp: request.clientIp,
      traceparent: validTraceparent(request.traceparent),
      isTrusted,
    });
    const events: OutgoingRecord[] = [];
    const deadLetters: OutgoingRecord[] = [];
    const rejected: RejectedEvent[] = [];
    const counts = new VerdictCounts();
    for (const [index, submitted] of content.events.entries()) {
      const verdict = judgeEvent(content.bytes, submitted, index, rules);
      counts.add(verdict);
      const messageId = verdict.messageId ?? newMessageId();
      const additions = { messageId, times: eventTimes(verdict.fields, origin) };
      if (additions.times.kind === 'unreadable') counts.unreadableTimestamps += 1;
      if (verdict.kind === 'rejected') {
        deadLetters.push(buildDeadLetter(content.bytes, submitted, verdict, additions, origin));
        rejected.push({ index, messageId, code: verdict.code, reason: verdict.reason });
        continue;
      }
      if (endpoint.kind === 'partner' && verdict.isUnsupported) {
        counts.report(metrics, connector.id);
        const message = `Astrolabe does not take ${verdict.type} calls; it takes identify, group and track`;
        return refusedAnswer(501, 'event.unsupported-type', message);
      }
      events.push(buildEventRecord(content.bytes, submitted, verdict, additions, origin));
    }
    // Counted once acknowledged, so that the counts agree with the topics however often a request had to be repeated.
    const onStored = (): void => counts.report(metrics, connector.id);
    return { records: { events, deadLetters }, answer: answerFor(content, rejected), onStored };
  }

  /** Step 2 and 3. */
  async #store({ records, answer, onStored }: Judged, connectorId: string): Promise<Answer> {
    if (records.events.length + records.deadLetters.length === 0) return answer;
    const { sink, metrics } = this.#dependencies;
    const startedAtMs = performance.now();
    try {
      await sink.store(records);
    } catch (error) {
      if (!isPipelineError(error)) throw error;
      metrics.storeFailed(connectorId, error.code);
      this.#storeLog.failed(error);
      const message = 'the event store is not available; nothing was lost if you send the request again';
      return refusedAnswer(503, error.code, message, RETRY_AFTER_STORE_FAILURE_SECONDS);
    }
    metrics.acknowledged(connectorId, (performance.now() - startedAtMs) / 1000);
    this.#storeLog.stored();
    onStored();
    return answer;
  }
}

function answered(answer: Answer, connectorId: string | undefined): Admission {
  return { kind: 'answered', answer, connectorId };
}

function connectorOf(sender: Sender): string | undefined {
  return sender.kind === 'known' ? sender.connector.id : undefined;
}

/** Each key has its own, so that the flood of one does not make the customer's others wait. */
function turnOf({ connector, share }: KnownSender): string {
  return `${connector.id} ${share}`;
}

function beyondShare(connectorId: string | undefined): Answer {
  const whose = connectorId === undefined ? 'senders without a key in the header' : `connector ${connectorId}`;
  const message = `too many bytes of ${whose} await storage; send the request again after the pause`;
  return refusedAnswer(503, 'ingest.overloaded', message, RETRY_AFTER_SHARE_EXCEEDED_SECONDS);
}

function rulesFor(endpoint: Endpoint, isTrusted: boolean): AcceptanceRules {
  const isDelivered = endpoint.kind === 'partner' || endpoint.kind === 'webhook';
  return {
    impliedType: endpoint.kind === 'single' ? endpoint.impliedType : undefined,
    maxEventBytes: isDelivered ? maxDeliveredEventBytes : maxEventBytes,
    maxEvents: endpoint.kind === 'webhook' ? maxWebhookItems : maxBatchEvents,
    isTrusted,
  };
}

function answerFor({ isList }: RequestContent, rejected: readonly RejectedEvent[]): Answer {
  const [first] = rejected;
  if (first === undefined) return storedAnswer;
  return isList ? partlyStoredAnswer(rejected) : refusedAnswer(400, first.code, first.reason);
}
