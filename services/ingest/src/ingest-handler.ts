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
  type EventType,
  type Verdict,
} from '@astrolabe/segment';
import { isPipelineError, type Connector, type ConnectorDirectory, type Logger } from '@astrolabe/service-kit';
import type { OutgoingRecord } from '@astrolabe/kafka';
import { partlyStoredAnswer, refusedAnswer, storedAnswer, type Answer, type RejectedEvent } from './core/answer.ts';
import type { ByteHold } from './core/byte-budget.ts';
import type { Endpoint } from './core/endpoints.ts';
import { buildDeadLetter, buildEventRecord, buildRecordOrigin } from './core/event-record.ts';
import { openRequest, type ClosedRequest, type OpenedRequest } from './core/open-request.ts';
import type { RequestContent } from './core/parse-request.ts';
import { validTraceparent } from './core/trace-context.ts';
import type { EventSink, RecordsToStore } from './event-sink.ts';
import type { Fairness } from './fairness.ts';
import type { EventVerdict, IngestMetrics } from './ingest-metrics.ts';

export interface IngestRequest extends ClosedRequest {
  readonly traceparent: string | undefined;
  /** IPv4 address of the client, where known. */
  readonly clientIp: string | undefined;
  /** What the body holds of the bytes in flight. */
  readonly hold: Pick<ByteHold, 'claim'>;
}

export interface IngestHandlerDependencies {
  /** The connectors of the moment; asked at each request, so that a reload takes effect at once. */
  readonly connectors: () => Pick<ConnectorDirectory, 'byId' | 'byKey'>;
  readonly sink: EventSink;
  readonly fairness: Fairness;
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

export interface IngestHandler {
  /** Answers every request; rejects only for a defect of this program. */
  handle(request: IngestRequest): Promise<HandledRequest>;
}

type OpenedContent = Extract<OpenedRequest, { kind: 'opened' }>;

/** Long enough for a broker's leader election, short enough that a sender with few retries comes back. */
const RETRY_AFTER_STORE_FAILURE_SECONDS = 5;
/** As for the budget of all: acknowledgements free it, within milliseconds unless Kafka is away. */
const RETRY_AFTER_SHARE_EXCEEDED_SECONDS = 1;

export function createIngestHandler(dependencies: IngestHandlerDependencies): IngestHandler {
  const { connectors, sink, fairness, metrics, logger, nowMs, newMessageId } = dependencies;
  const storeLog = createStoreLog(logger);

  /** Step 2 and 3. */
  const store = async (records: RecordsToStore, connectorId: string, answer: Answer, onStored: () => void) => {
    if (records.events.length + records.deadLetters.length === 0) return answer;
    const startedAtMs = performance.now();
    try {
      await sink.store(records);
    } catch (error) {
      if (!isPipelineError(error)) throw error;
      metrics.storeFailed(connectorId, error.code);
      storeLog.failed(error);
      const message = 'the event store is not available; nothing was lost if you send the request again';
      return refusedAnswer(503, error.code, message, RETRY_AFTER_STORE_FAILURE_SECONDS);
    }
    metrics.acknowledged(connectorId, (performance.now() - startedAtMs) / 1000);
    storeLog.stored();
    onStored();
    return answer;
  };

  const accept = (request: IngestRequest, opened: OpenedContent): Promise<Answer> | Answer => {
    const { endpoint } = request;
    const { connector, content, isTrusted } = opened;
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
    const answer = answerFor(content, rejected);
    return store({ events, deadLetters }, connector.id, answer, () => counts.report(metrics, connector.id));
  };

  return {
    handle: async (request) => {
      // analytics.js reports about itself without a key, and only wants to be rid of it.
      if (request.endpoint.kind === 'sdk-metrics') return { answer: storedAnswer, connectorId: undefined };
      const refused = fairness.refuseUnparsed(connectors(), request.authorization);
      if (refused !== undefined) return refused;
      const opened = openRequest(connectors(), request);
      if (opened.kind === 'refused') {
        const { answer, bodyFault, connectorId } = opened;
        if (bodyFault === 'event.too-large') metrics.bodyTooLarge(connectorId ?? 'unknown');
        // What cannot be read costs as much to parse as what can, so a flood of it has the same limit.
        const sender = bodyFault === undefined ? undefined : connectors().byId(connectorId ?? '');
        const refusal = sender && fairness.admit(sender, 1);
        return { answer: refusal ?? answer, connectorId };
      }
      const { connector, content } = opened;
      // The share of bytes first: it can be had again, while tokens that were taken for a refusal are gone.
      const refusal = refuseBeyondShare(request, connector) ?? fairness.admit(connector, content.events.length);
      if (refusal !== undefined) return { answer: refusal, connectorId: connector.id };
      return { answer: await accept(request, opened), connectorId: connector.id };
    },
  };
}

function refuseBeyondShare({ hold }: IngestRequest, { id }: Connector): Answer | undefined {
  if (hold.claim(id)) return undefined;
  const message = `too many bytes of connector ${id} await storage; send the request again after the pause`;
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

/** Events of one request by type and verdict, so that a batch of a hundred costs a counter or two. */
class VerdictCounts {
  unreadableTimestamps = 0;
  readonly #counts: { readonly type: EventType | 'unknown'; readonly verdict: EventVerdict; count: number }[] = [];

  add(judged: Verdict): void {
    const { type = 'unknown' } = judged;
    const verdict = judged.kind === 'rejected' ? 'rejected' : judged.isUnsupported ? 'unsupported' : 'accepted';
    const entry = this.#counts.find((candidate) => candidate.type === type && candidate.verdict === verdict);
    if (entry === undefined) this.#counts.push({ type, verdict, count: 1 });
    else entry.count += 1;
  }

  report(metrics: IngestMetrics, connectorId: string): void {
    for (const { type, verdict, count } of this.#counts) metrics.eventsJudged(connectorId, type, verdict, count);
    if (this.unreadableTimestamps > 0) metrics.timestampsUnreadable(connectorId, this.unreadableTimestamps);
  }
}

/** One line when storing begins to fail and one when it works again, however many requests come in between. */
function createStoreLog(logger: Logger): { failed(error: unknown): void; stored(): void } {
  let failures = 0;
  return {
    failed: (err) => {
      failures += 1;
      if (failures === 1) logger.error({ err }, 'events cannot be stored; senders are answered 503');
    },
    stored: () => {
      if (failures === 0) return;
      logger.info({ failures }, 'events are stored again');
      failures = 0;
    },
  };
}
