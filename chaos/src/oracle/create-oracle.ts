/**
 * The judge of a run: told of every call and its end while the run goes on, and of all that could be observed when it
 * is over. Pure: no clock, no I/O, and none of the services' code.
 */
import type { CallEnd, TrafficCall } from '../traffic/traffic-call.ts';
import type { TrafficConnector } from '../traffic/traffic-connector.ts';
import {
  arrivalsBeforeReadAgain,
  executionsBeforeReadAgain,
  findAppliedOtherwise,
  findCallsOutOfOrder,
  findUnaccounted,
  liveExecutions,
} from './checks/delivered.ts';
import { findOtherState } from './checks/final-state.ts';
import { findConflicts, findForeignKeys } from './checks/keys.ts';
import { findLeaks } from './checks/leaks.ts';
import { commandsReadAgain, findForgotten } from './checks/read-again.ts';
import { findCommandsOutOfOrder, findMappedOtherwise, findMeantOtherwise } from './checks/mapped.ts';
import { findReportsWrong } from './checks/replay-reports.ts';
import { findReplaysOfKnown, findReplaysOutOfOrder, findReplaysUndelivered } from './checks/replayed-commands.ts';
import { findReplayedOtherwise } from './checks/replayed-events.ts';
import { findAltered, findEventsOutOfOrder, findUnstored } from './checks/stored.ts';
import { findImbalance, outcomesOf } from './checks/totals.ts';
import type { Check, Evidence } from './evidence.ts';
import { expectRun } from './expected-run.ts';
import type { Observed } from './observed.ts';
import { expectReplays } from './replays/expected-replays.ts';
import { SentEvents } from './sent-events.ts';
import { trailOf } from './trail.ts';
import type { Figures, Finding, FreshnessSample, Invariant, Judgement, Violation } from './violation.ts';

export interface OracleOptions {
  /** Causes of dead letters of commands that the run's disturbances can have (docs/errors.md); none by default. */
  readonly possibleDeadLetterCodes?: readonly string[];
}

export interface Oracle {
  /** Once for each call, in any order over the streams. */
  ended(call: TrafficCall, end: CallEnd): void;
  /** After the last call. */
  judge(observed: Observed): Judgement;
}

const MAX_VIOLATIONS_OF_EACH = 20;

const checks: readonly Check[] = [
  findUnstored,
  findAltered,
  findEventsOutOfOrder,
  findMappedOtherwise,
  findMeantOtherwise,
  findCommandsOutOfOrder,
  findUnaccounted,
  findAppliedOtherwise,
  findForgotten,
  findCallsOutOfOrder,
  findForeignKeys,
  findConflicts,
  findOtherState,
  findReplayedOtherwise,
  findReplaysUndelivered,
  findReplaysOutOfOrder,
  findReplaysOfKnown,
  findReportsWrong,
  findImbalance,
  findLeaks,
];

export function createOracle(
  connectors: readonly TrafficConnector[],
  { possibleDeadLetterCodes = [] }: OracleOptions = {},
): Oracle {
  const sent = new SentEvents();
  return {
    ended: (call, end) => {
      sent.ended(call, end);
    },
    judge: (observed) => {
      const expected = expectRun(connectors, sent, observed.topics);
      const codes = new Set(possibleDeadLetterCodes);
      const replays = expectReplays(observed.replays, observed.topics, expected);
      const evidence: Evidence = { sent, expected, replays, observed, possibleDeadLetterCodes: codes };
      const counts: Partial<Record<Invariant, number>> = {};
      const violations: Violation[] = [];
      for (const finding of findings(evidence)) {
        const count = (counts[finding.invariant] ?? 0) + 1;
        counts[finding.invariant] = count;
        if (count <= MAX_VIOLATIONS_OF_EACH) violations.push(toViolation(finding, evidence));
      }
      return { violations, violationCounts: counts, figures: figuresOf(evidence), freshness: freshnessOf(evidence) };
    },
  };
}

function* findings(evidence: Evidence): Iterable<Finding> {
  const { drained, readAgain } = evidence.observed;
  if (drained.kind === 'stuck') yield { invariant: 'drained', subject: 'the pipeline', detail: drained.detail };
  if (readAgain?.drained.kind === 'stuck') {
    yield { invariant: 'drained', subject: 'the command topic, read again', detail: readAgain.drained.detail };
  }
  for (const check of checks) yield* check(evidence);
}

function toViolation({ invariant, subject, detail, event }: Finding, evidence: Evidence): Violation {
  return { kind: 'violation', invariant, subject, detail, trail: event === undefined ? [] : trailOf(evidence, event) };
}

function figuresOf(evidence: Evidence): Figures {
  const { sent, expected, observed } = evidence;
  const { topics, lives, readAgain } = observed;
  const deadLetters: Record<string, number> = {};
  for (const { code } of [...topics.eventDeadLetters, ...topics.commandDeadLetters]) {
    deadLetters[code] = (deadLetters[code] ?? 0) + 1;
  }
  return {
    calls: { ...sent.calls },
    attempts: sent.attempts,
    acknowledgedEvents: sent.all().filter(({ end }) => end.kind === 'acknowledged').length,
    eventRecords: topics.events.length,
    commandRecords: topics.commands.length,
    executedCommands: liveExecutions(evidence).size,
    replayedCalls: arrivalsBeforeReadAgain(observed).filter(({ outcome }) => outcome === 'replayed').length,
    outcomes: outcomesOf(expected),
    deadLetters,
    crashes: [...lives, ...(readAgain?.lives ?? [])].filter(({ end }) => end === 'crashed').length,
    replays: observed.replays.map(({ id, source, isForced, phase, counts }) => {
      const { read, matched, commands: made, delivered, duplicate, skippedByLedger, cancelled: dropped } = counts;
      const ends = { delivered: delivered + duplicate, knownToLedger: skippedByLedger, dropped };
      return { id, source, isForced, phase, read, matched, made, ...ends };
    }),
    readAgain: readAgain && { commands: commandsReadAgain(readAgain), calls: readAgain.calls.length },
  };
}

function freshnessOf({ expected, observed }: Evidence): FreshnessSample[] {
  return [...executionsBeforeReadAgain(observed)]
    .flatMap(([commandId, [first]]) => {
      const wanted = expected.commandsById.get(commandId);
      if (wanted === undefined || first === undefined) return [];
      return [{ atMs: first.atMs, freshnessMs: first.atMs - wanted.command.record.receivedAt }];
    })
    .sort((a, b) => a.atMs - b.atMs);
}
