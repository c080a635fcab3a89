/**
 * The traffic of a run, drawn from its seed: calls as SDKs, Segment and Engage make them. Pure, and lazy: a long run
 * does not hold it all. Nothing in it depends on what is answered; retries are the senders' affair.
 */
import type { JsonObject } from '@astrolabe/schemas';
import { castOf, type Cast } from './cast.ts';
import { drawBody, drawComputation } from './draw-body.ts';
import { createDraw, type Draw } from '@astrolabe/testkit';
import { isPartnerType, toCallForm, type CallForm } from './call-form.ts';
import type { TrafficCall, TrafficEvent } from './traffic-call.ts';
import type { TrafficConnector } from './traffic-connector.ts';

export interface TrafficOptions {
  readonly seed: number;
  /** Events in all, repeated ones included. */
  readonly events: number;
  readonly connectors: readonly TrafficConnector[];
  /** Epoch milliseconds; the senders' clocks go on from here, each with a skew of its own. */
  readonly startMs: number;
  /** Senders of each connector; 3 by default. */
  readonly streamsPerConnector?: number;
}

/** By how much a sender's clock is wrong. Three days ahead is more than Segment's rule may leave uncorrected. */
const skewsMs = [0, 0, 3_600_000, -420_000, 259_200_000, -31_536_000_000];
/** The senders' clocks go on by so much with each call. */
const STEP_MS = 40;
/** Events of a stream that may be repeated later. */
const REMEMBERED_EVENTS = 60;
/** The first moment that is too far in the past to be a time, and one that is too far ahead. */
const impossibleTimes = ['1970-01-01T00:00:12.000Z', '2099-01-01T00:00:00.000Z'];

interface Stream {
  readonly number: number;
  readonly connector: TrafficConnector;
  readonly cast: Cast;
  readonly skewMs: number;
  readonly sent: TrafficEvent[];
}

export function* createTraffic(options: TrafficOptions): Generator<TrafficCall> {
  const { seed, events, connectors, startMs, streamsPerConnector = 3 } = options;
  const draw = createDraw(seed);
  const users = Math.min(300, Math.max(24, Math.round(events / (connectors.length * 30))));
  const streams = connectors.flatMap((connector, index) =>
    Array.from({ length: streamsPerConnector }, (_, own): Stream => {
      const number = index * streamsPerConnector + own;
      const cast = castOf(own, streamsPerConnector, users);
      return { number, connector, cast, skewMs: draw.oneOf(skewsMs), sent: [] };
    }),
  );
  let flood: { readonly stream: Stream; calls: number } | undefined;
  let left = events;
  for (let sequence = 0; left > 0; sequence += 1) {
    if (flood === undefined && draw.chance(0.02)) flood = { stream: draw.oneOf(streams), calls: 4 + draw.below(8) };
    const isFlood = flood !== undefined && draw.chance(0.7);
    const stream = isFlood && flood !== undefined ? flood.stream : draw.oneOf(streams);
    if (isFlood && flood !== undefined && (flood.calls -= 1) === 0) flood = undefined;
    const nowMs = startMs + sequence * STEP_MS + stream.skewMs;
    const call = drawCall(sequence, stream, { seed, nowMs, isFlood, maxEvents: left }, draw);
    left -= call.events.length;
    yield call;
  }
}

interface Moment {
  readonly seed: number;
  /** By the sender's clock. */
  readonly nowMs: number;
  readonly isFlood: boolean;
  readonly maxEvents: number;
}

function drawCall(sequence: number, stream: Stream, moment: Moment, draw: Draw): TrafficCall {
  const form = moment.isFlood ? 'batch' : draw.oneOf(forms);
  const wanted = moment.isFlood ? 20 + draw.below(20) : form === 'batch' || form === 'webhook' ? 1 + draw.below(12) : 1;
  const events: TrafficEvent[] = [];
  for (let index = 0; index < Math.min(wanted, moment.maxEvents); index += 1) {
    events.push(drawEvent(`${moment.seed}-${sequence}-${index}`, stream, form, moment, events, draw));
  }
  for (const event of events) stream.sent.push(event);
  if (stream.sent.length > REMEMBERED_EVENTS) stream.sent.splice(0, stream.sent.length - REMEMBERED_EVENTS);
  const { connector, number } = stream;
  const { path, headers, body } = toCallForm(form, connector, events, new Date(moment.nowMs).toISOString());
  return { sequence, stream: number, connectorId: connector.id, path, headers, body, events };
}

const forms: readonly CallForm[] = [
  ...Array<CallForm>(7).fill('batch'),
  'single',
  'single',
  'partner',
  'partner',
  'webhook',
];

function drawEvent(
  messageId: string,
  stream: Stream,
  form: CallForm,
  moment: Moment,
  before: readonly TrafficEvent[],
  draw: Draw,
): TrafficEvent {
  const isList = form === 'batch' || form === 'webhook';
  if (isList && draw.chance(0.04) && before.length > 0) return draw.oneOf(before);
  if (form === 'batch' && draw.chance(0.05) && stream.sent.length > 0) return draw.oneOf(stream.sent);
  const body = moment.isFlood ? drawComputation(stream.cast, draw) : drawFitting(stream.cast, form, draw);
  const type = body['type'] as string;
  return { messageId, type, body: { ...body, messageId, ...drawTimes(form, moment.nowMs, draw) } };
}

/**
 * Alone, a call that is refused leaves nothing to account for; so what is refused or needs the API key comes in lists.
 */
function drawFitting(cast: Cast, form: CallForm, draw: Draw): JsonObject {
  for (;;) {
    const body = drawBody(cast, draw);
    if (form === 'batch' || form === 'webhook') return body;
    if (isPartnerType(body['type']) && !isInvalid(body)) return body;
  }
}

function isInvalid(body: JsonObject): boolean {
  const hasIdentity = body['userId'] !== undefined || body['anonymousId'] !== undefined;
  if (body['type'] === 'group') return body['groupId'] === undefined;
  return !hasIdentity || (body['type'] === 'track' && body['event'] === undefined);
}

/** Mostly just now; some late, some days late, a few that cannot be, a few without. */
function drawTimes(form: CallForm, nowMs: number, draw: Draw): JsonObject {
  const lot = draw.below(100);
  if (lot < 2) return {};
  if (lot < 4) return { timestamp: draw.oneOf(impossibleTimes) };
  const lagMs = lot < 70 ? draw.below(2_000) : lot < 92 ? draw.below(120_000) : draw.below(3 * 86_400_000);
  const timestamp = new Date(nowMs - lagMs).toISOString();
  // Segment has applied its rule already, and sends what it corrected beside the result.
  if (form === 'partner') return { timestamp, originalTimestamp: new Date(nowMs - lagMs - 5_000).toISOString() };
  return { timestamp: lot % 10 === 0 ? timestamp.replace('Z', '417+00:00') : timestamp };
}
