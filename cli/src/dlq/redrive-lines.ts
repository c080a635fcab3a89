/** What a redrive did, or would do, and what it leaves and why, as lines for people. Pure. */
import type { RedriveReport } from '@astrolabe/operations';
import { formatCount, formatCounted } from '@astrolabe/operations/quantities';

const NAMED = 5;

/** A line for each reason why dead letters are not sent back. */
export function describeLeft({ counts, missing, untrusted, maxRedrives }: RedriveReport): string[] {
  const { alreadyRedriven, dismissed, exhausted, refused } = counts;
  const [example] = untrusted;
  return [
    ...(alreadyRedriven > 0 ? [`${formatCount(alreadyRedriven)} already redriven.`] : []),
    ...(dismissed > 0 ? [`${formatCount(dismissed)} dismissed.`] : []),
    ...(exhausted > 0
      ? [
          `${formatCount(exhausted)} left: redriven ${formatCounted(maxRedrives, 'time')} already. Raise --max-redrives once the cause is fixed.`,
        ]
      : []),
    ...(example === undefined
      ? []
      : [
          `${formatCount(counts.untrusted)} left: they delete or unsuppress a user and were not sent with the API key; anyone can read a write key in a web page.`,
          `If the customer wants one: astrolabe dlq redrive --as-trusted ${example.position}`,
        ]),
    ...(refused > 0
      ? [`${formatCount(refused)} left: they would be refused again. Edit them (dlq export) or dismiss them.`]
      : []),
    ...(missing.length > 0
      ? [`${formatCount(missing.length)} no longer on the topic: ${missing.slice(0, NAMED).join(', ')}`]
      : []),
  ];
}

export function describeRedrive(report: RedriveReport, redriveId: string): string[] {
  const { counts, edited } = report;
  const ofThem = edited > 0 ? `, ${formatCount(edited)} of them edited` : '';
  return [
    `${formatCounted(counts.redriven, 'dead letter')} sent back${ofThem} (${redriveId}).`,
    ...describeLeft(report),
  ];
}
