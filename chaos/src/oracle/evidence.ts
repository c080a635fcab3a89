import type { ExpectedRun } from './expected-run.ts';
import type { Observed } from './observed.ts';
import type { ExpectedReplays } from './replays/expected-replays.ts';
import type { SentEvents } from './sent-events.ts';
import type { Finding } from './violation.ts';

/** All that a check looks at. */
export interface Evidence {
  readonly sent: SentEvents;
  readonly expected: ExpectedRun;
  readonly replays: ExpectedReplays;
  readonly observed: Observed;
  /** Causes of dead letters of commands that the run's disturbances can have. */
  readonly possibleDeadLetterCodes: ReadonlySet<string>;
}

/** Looks at one part of the evidence; pure. No two checks find the same wrong. */
export type Check = (evidence: Evidence) => Iterable<Finding>;
