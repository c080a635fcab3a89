/**
 * One request from its body to its answer. The order of its effects is the guarantee:
 * 1. parse, authenticate, judge: nothing has happened yet, and a refusal leaves no trace but a count;
 * 2. store: good events and dead letters, awaited;
 * 3. answer 200: from here on the sender forgets the events, and all of them are on a topic.
 * If 2 fails the answer is 503 and the sender repeats the request; what was stored before the failure is then stored
 * twice, under one `messageId`.
 */
import { maxDeliveredEventBytes, maxEventBytes, type EventType } from '@astrolabe/segment';
import { isPipelineError, type Connector, type ConnectorDirectory, type Logger } from '@astrolabe/service-kit';
import type { OutgoingRecord } from '@astrolabe/kafka';
import { judgeEvent, type Verdict } from './core/accept-event.ts';
import { partlyStoredAnswer, refusedAnswer, storedAnswer, type Answer, type RejectedEvent } from './core/answer.ts';
import { authenticate } from './core/authenticate.ts';
import { keysInAuthorization } from './core/credentials.ts';
import type { Endpoint } from './core/endpoints.ts';
import { buildDeadLetter, buildEventRecord, buildRecordOrigin } from './core/event-record.ts';
import { parseRequest, type RequestContent } from './core/parse-request.ts';
import { validTraceparent } from './core/trace-context.ts';
import type { EventSink, RecordsToStore } from './event-sink.ts';
import type { EventVerdict, IngestMetrics } from './ingest-metrics.ts';

export interface IngestRequest {
  readonly endpoint: Endpoint;
  /** Inflated. */
  readonly body: Buffer;
  readonly authorization: string | undefined;
  readonly traceparent: string | undefined;
  /** IPv4 address of the client, where known. */
  readonly clientIp: string | undefined;
}

export interface IngestHandlerDependencies {
  /** The connectors of the moment; asked at each request, so that a reload takes effect at once. */
  readonly connectors: () => Pick<ConnectorDirectory, 'byKey'>;
  readonly sink: EventSink;
  readonly metrics: IngestMetrics;
  readonly logger: Logger;
  readonly nowMs: () => number;
  /** A new UUID for an event that came without a `messageId`. */
  readonly newMessageId: () => string;
}

export interface IngestHandler {
  /** Answers every request; rejects only for a defect of this program. */
  handle(request: IngestRequest): Promise<Answer>;
}

/** Long enough for a broker's leader election, short enough that a sender with few retries comes back. */
const RETRY_AFTER_STORE_FAILURE_SECONDS = 5;

export function createIngestHandler(dependencies: IngestHandlerDependencies): IngestHandler {
  const { connectors, sink, metrics, logger, nowMs, newMessageId } = dependencies;
  const storeLog = createStoreLog(logger);

  /** Step 2 and 3. */
  const store = async (records: RecordsToStore, answer: Answer, onStored: () => void): Promise<Answer> => {
    if (records.events.length + records.deadLetters.length === 0) return answer;
    const startedAtMs = nowMs();
    try {
      await sink.store(records);
    } catch (error) {
      if (!isPipelineError(error)) throw error;
      metrics.storeFailed(error.code);
      storeLog.failed(error);
      const message = 'the event store is not available; nothing was lost if you send the request again';
      return refusedAnswer(503, error.code, message, RETRY_AFTER_STORE_FAILURE_SECONDS);
    }
    metrics.acknowledged((nowMs() - startedAtMs) / 1000);
    storeLog.stored();
    onStored();
    return answer;
  };

  const accept = (request: IngestRequest, content: RequestContent, connector: Connector): Promise<Answer> | Answer => {
    const { endpoint } = request;
    const rules = {
      impliedType: endpoint.kind === 'single' ? endpoint.impliedType : undefined,
      maxEventBytes: endpoint.kind === 'partner' ? maxDeliveredEventBytes : maxEventBytes,
    };
    const origin = buildRecordOrigin(connector.id, new Date(nowMs()).toISOString(), {
      envelope: content.envelope,
      clientIp: request.clientIp,
      traceparent: validTraceparent(request.traceparent),
    });
    const events: OutgoingRecord[] = [];
    const deadLetters: OutgoingRecord[] = [];
    const rejected: RejectedEvent[] = [];
    const counts = new VerdictCounts();
    for (const [index, submitted] of content.events.entries()) {
      const verdict = judgeEvent(content.bytes, submitted, index, rules);
      counts.add(verdict);
      const messageId = verdict.messageId ?? newMessageId();
      if (verdict.kind === 'rejected') {
        deadLetters.push(buildDeadLetter(content.bytes, submitted, verdict, messageId, origin));
        rejected.push({ index, messageId, code: verdict.code, reason: verdict.reason });
        continue;
      }
      if (endpoint.kind === 'partner' && verdict.isUnsupported) {
        counts.report(metrics, connector.id);
        const message = `Astrolabe does not take ${verdict.type} calls; it takes identify, group and track`;
        return refusedAnswer(501, 'event.unsupported-type', message);
      }
      events.push(buildEventRecord(content.bytes, submitted, verdict, messageId, origin));
    }
    // Counted once acknowledged, so that the counts agree with the topics however often a request had to be repeated.
    return store({ events, deadLetters }, answerFor(endpoint, rejected), () => counts.report(metrics, connector.id));
  };

  return {
    handle: async (request) => {
      const { endpoint, body } = request;
      // analytics.js reports about itself without a key, and only wants to be rid of it.
      if (endpoint.kind === 'sdk-metrics') return storedAnswer;
      const headerKeys = keysInAuthorization(request.authorization);
      // The partner endpoint has its key in the header; on the Tracking API it may be in the body, so the body comes first.
      const early = endpoint.kind === 'partner' ? authenticate(connectors(), headerKeys) : undefined;
      if (early?.kind === 'refused') return early.answer;
      const content = parseRequest(endpoint, body);
      if (content.kind === 'refused') return refusedAnswer(400, content.code, content.message);
      const authentication = early ?? authenticate(connectors(), [content.writeKey, ...headerKeys]);
      if (authentication.kind === 'refused') return authentication.answer;
      return accept(request, content, authentication.connector);
    },
  };
}

function answerFor(endpoint: Endpoint, rejected: readonly RejectedEvent[]): Answer {
  const [first] = rejected;
  if (first === undefined) return storedAnswer;
  return endpoint.kind === 'batch' ? partlyStoredAnswer(rejected) : refusedAnswer(400, first.code, first.reason);
}

/** Events of one request by type and verdict, so that a batch of a hundred costs a counter or two. */
class VerdictCounts {
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
