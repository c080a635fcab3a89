/** What a redrive did, and what it left and why. Pure. */
import { formatCount } from '../core/table.ts';

/** Every dead letter of the selection is exactly one of these. */
export interface RedriveCounts {
  redriven: number;
  alreadyRedriven: number;
  dismissed: number;
  exhausted: number;
  /** Deletions whose sender had shown no more than a write key. */
  untrusted: number;
  refused: number;
}

export interface LeftLetter {
  readonly position: string;
  readonly reason: string;
}

export interface RedriveReport {
  readonly counts: RedriveCounts;
  /** Of `redriven`. */
  readonly edited: number;
  /** Named, and on their topic no more. */
  readonly missing: readonly string[];
  readonly untrusted: readonly LeftLetter[];
  readonly maxRedrives: number;
}

export const noCounts = (): RedriveCounts => ({
  redriven: 0,
  alreadyRedriven: 0,
  dismissed: 0,
  exhausted: 0,
  untrusted: 0,
  refused: 0,
});

/** What is left, a line for each reason. `isPlanned`: nothing has been sent yet. */
export function describeLeft(report: RedriveReport, isPlanned: boolean): string[] {
  const { counts, missing, untrusted, maxRedrives } = report;
  const { alreadyRedriven, dismissed, exhausted, refused } = counts;
  const [example] = untrusted;
  const stay = isPlanned ? 'would stay' : 'stay';
  return [
    ...(alreadyRedriven > 0 ? [`${formatCount(alreadyRedriven)} had been sent back before.`] : []),
    ...(dismissed > 0 ? [`${formatCount(dismissed)} had been dismissed.`] : []),
    ...(exhausted > 0
      ? [
          `${formatCount(exhausted)} came back ${maxRedrives} times already and ${stay}; raise --max-redrives once the cause is gone.`,
        ]
      : []),
    ...(example === undefined
      ? []
      : [
          `${formatCount(counts.untrusted)} delete a user or undo that, and were sent with no more than a write key, which anybody can read in a web page; they ${stay}.`,
          `If the customer wants one: astrolabe dlq redrive --as-trusted ${example.position}`,
        ]),
    ...(refused > 0
      ? [`${formatCount(refused)} would be refused again and ${stay}: edit them (dlq export), or dismiss them.`]
      : []),
    ...(missing.length > 0
      ? [`${formatCount(missing.length)} are not on their topic any more: ${missing.slice(0, 5).join(', ')}`]
      : []),
  ];
}

export function describeRedrive(report: RedriveReport, redriveId: string): string[] {
  const { counts, edited } = report;
  const editedText = edited > 0 ? `, ${formatCount(edited)} of them edited` : '';
  return [
    `${formatCount(counts.redriven)} dead letters were sent back${editedText} (${redriveId}).`,
    ...describeLeft(report, false),
  ];
}
