/** The events of a parsed request → records, the answer once these are stored, and what is counted then. */
import type { OutgoingRecord } from '@astrolabe/records';
import {
  eventTimes,
  judgeEvent,
  maxBatchEvents,
  maxDeliveredEventBytes,
  maxEventBytes,
  maxWebhookItems,
  type AcceptanceRules,
} from '@astrolabe/segment';
import type { TraceContext } from '@astrolabe/tracing';
import { partlyStoredAnswer, refusedAnswer, storedAnswer, type Answer, type RejectedEvent } from '../request/answer.ts';
import type { Endpoint } from '../request/endpoints.ts';
import type { RequestContent } from '../request/parse-request.ts';
import { buildDeadLetter, buildEventRecord, buildRecordOrigin } from './event-record.ts';
import { VerdictCounts, type VerdictCount } from './verdict-counts.ts';

/** Where a request comes from. Plain data, so that it can be sent to another thread. */
export interface RequestOrigin {
  readonly endpoint: Endpoint;
  readonly connectorId: string;
  readonly receivedAtMs: number;
  /** IPv4 address of the client, where known. */
  readonly clientIp: string | undefined;
  readonly trace: TraceContext | undefined;
  /** As in `Authentication`. */
  readonly isTrusted: boolean;
}

export interface JudgedContent {
  readonly events: readonly OutgoingRecord[];
  readonly deadLetters: readonly OutgoingRecord[];
  /** The answer once the records are stored. */
  readonly answer: Answer;
  readonly verdicts: readonly VerdictCount[];
  readonly unreadableTimestamps: number;
}

/** `newMessageId` gives a new UUID for an event without a `messageId`. */
export function judgeContent(
  content: RequestContent,
  origin: RequestOrigin,
  newMessageId: () => string,
): JudgedContent {
  const { endpoint, connectorId, receivedAtMs, isTrusted } = origin;
  const rules = rulesFor(endpoint, isTrusted);
  const recordOrigin = buildRecordOrigin(connectorId, receivedAtMs, { ...origin, envelope: content.envelope });
  const events: OutgoingRecord[] = [];
  const deadLetters: OutgoingRecord[] = [];
  const rejected: RejectedEvent[] = [];
  const counts = new VerdictCounts();
  let unreadableTimestamps = 0;
  for (const [index, submitted] of content.events.entries()) {
    const verdict = judgeEvent(content.bytes, submitted, index, rules);
    counts.add(verdict);
    const messageId = verdict.messageId ?? newMessageId();
    const additions = { messageId, times: eventTimes(verdict.fields, recordOrigin) };
    if (additions.times.kind === 'unreadable') unreadableTimestamps += 1;
    if (verdict.kind === 'rejected') {
      deadLetters.push(buildDeadLetter(content.bytes, submitted, verdict, additions, recordOrigin));
      rejected.push({ index, messageId, code: verdict.code, reason: verdict.reason });
      continue;
    }
    if (endpoint.kind === 'partner' && verdict.isUnsupported) {
      const message = `Astrolabe does not take ${verdict.type} calls; it takes identify, group and track`;
      const answer = refusedAnswer(501, 'event.unsupported-type', message);
      return { events: [], deadLetters: [], answer, verdicts: counts.all, unreadableTimestamps };
    }
    events.push(buildEventRecord(content.bytes, submitted, verdict, additions, recordOrigin));
  }
  return { events, deadLetters, answer: answerFor(content, rejected), verdicts: counts.all, unreadableTimestamps };
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
