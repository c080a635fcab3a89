import { headerNames, headerText, type ConsumedRecord } from '@astrolabe/records';
import { isReplayedCopy } from '@astrolabe/replay';
import type { TraceContext } from './trace-context.ts';

/**
 * The record has come to this topic before, and a replay or a redrive sends it again. Its trace was over long ago, so
 * what is done now begins another one, with a link to it. What is made of the record carries the new one:
 * `deadLetterTopic`, of the record's own topic, tells a redriven record from one that was made of a redriven record.
 */
export function isSentAgain(
  record: Pick<ConsumedRecord, 'topic' | 'headers' | 'encoded'>,
  deadLetterTopic: string,
): boolean {
  if (isReplayedCopy(record)) return true;
  return headerText(record, headerNames.redriveFrom)?.startsWith(`${deadLetterTopic}:`) === true;
}

/** Where a span of the record stands: in the record's trace, or in one of its own that links to the record's. */
export function placeInTrace(context: TraceContext, isAgain: boolean) {
  return isAgain ? { parent: undefined, links: [context] } : { parent: context, links: [] };
}
