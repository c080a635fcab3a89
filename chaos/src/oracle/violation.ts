/** What the oracle reports: broken promises, and figures that promise nothing. */
import type { ObservedReplay } from './observed.ts';

/** The promises, by name. docs/integrity.md tells what each means and what gives it. */
export const invariants = [
  /** Everything was delivered in the end, and both groups had committed it. */
  'drained',
  /** An event that was answered 200 is on the event topic, or in the dead letters with the right cause. */
  'stored',
  /** What is on the event topic was sent by somebody, and says what was sent. */
  'stored-as-sent',
  /** Each event record has its commands, or its dead letter, on the topics exactly once. */
  'mapped-once',
  /** Each command says what its event means. */
  'mapped-as-meant',
  /** Each command was executed by the API, or is in the dead letters with a cause that this run can have. */
  'accounted',
  /** The API executed each command once, and once more for a forced replay; and none that no event stands for. */
  'applied-once',
  /** A command that was delivered before is not called for when it is read again, by the group or by a replay. */
  'remembered',
  /** Events, commands and calls of a key have the order in which they were sent. */
  'order-by-key',
  /** Every call for a command has the command's id as its key, answered or not; by force that of its replay. */
  'one-key',
  /**
   * No key came to the API with another command than before, but where the sender repeated the event at another time.
   */
  'no-conflict',
  /** Users, accounts, memberships and events are what the events that were sent make them. */
  'final-state',
  /** Each event that a replay has read has made its commands, or its dead letter, exactly once more. */
  'replayed-once',
  /** What a replay made of an event is what the event means to a user as known then. */
  'replayed-as-meant',
  /** The report of a replay adds up, and says what is on the topics. */
  'replay-report',
  /** The services counted what is on the topics. */
  'totals-balance',
  /** No process holds more and more memory, descriptors or timers. */
  'no-leak',
] as const;

export type Invariant = (typeof invariants)[number];

export interface Violation {
  readonly kind: 'violation';
  readonly invariant: Invariant;
  /** What it is about: a connector with a user, a command's id, a process. */
  readonly subject: string;
  /** What was expected and what was found. */
  readonly detail: string;
  /**
   * Where the records of the wronged event stand, its calls to the API and its lines in the logs; empty where it is
   * about no single event.
   */
  readonly trail: readonly string[];
}

/** Before its trail is looked up. */
export interface Finding {
  readonly invariant: Invariant;
  readonly subject: string;
  readonly detail: string;
  /** The wronged event, where there is one. */
  readonly event?: { readonly connectorId: string; readonly messageId: string };
}

export interface FreshnessSample {
  /** When the API executed the command. */
  readonly atMs: number;
  /** From the receipt of its event until then. */
  readonly freshnessMs: number;
}

export interface Figures {
  readonly calls: Readonly<Record<'acknowledged' | 'refused' | 'unknown', number>>;
  readonly attempts: number;
  /** Events of acknowledged calls, repeated ones included. */
  readonly acknowledgedEvents: number;
  readonly eventRecords: number;
  readonly commandRecords: number;
  readonly executedCommands: number;
  /** Calls that the API knew already. */
  readonly replayedCalls: number;
  /** Ends of event records by the model: `mapped`, `skipped: <reason>`, `dead-lettered: <code>`. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** Both topics of dead letters, by code. */
  readonly deadLetters: Readonly<Record<string, number>>;
  /** Processes that ended by themselves with a fault. */
  readonly crashes: number;
  readonly replays: readonly ReplayFigures[];
  /** Undefined where the command topic was not read again. */
  readonly readAgain: { readonly commands: number; readonly calls: number } | undefined;
}

/** What came of one replay. */
export interface ReplayFigures extends Pick<ObservedReplay, 'id' | 'source' | 'isForced' | 'phase'> {
  readonly read: number;
  readonly matched: number;
  /** Of events: commands that were made. */
  readonly made: number;
  /** Called for, with what the API had executed before. */
  readonly delivered: number;
  readonly knownToLedger: number;
  readonly dropped: number;
}

export interface Judgement {
  /** At most twenty of each invariant, with their trails. */
  readonly violations: readonly Violation[];
  /** All of them, those beyond twenty too. */
  readonly violationCounts: Readonly<Partial<Record<Invariant, number>>>;
  readonly figures: Figures;
  /** One for each executed command, in the order of execution; none of the re-read. */
  readonly freshness: readonly FreshnessSample[];
}
