import { faultKinds, type FaultKind } from '../faults.ts';

/** Totals since the start of the process. */
export interface Counters {
  /** Calls that arrived, including refused ones. */
  readonly calls: number;
  /** Answers by status. */
  readonly answers: Readonly<Record<string, number>>;
  /** Commands that changed the state: effects. */
  readonly applied: number;
  /** Commands that were executed and changed nothing. */
  readonly unchanged: number;
  /** Commands that got a remembered answer. */
  readonly replayed: number;
  /** Refused because a call with the key was in progress (409). */
  readonly keysInUse: number;
  /** Refused because the key belongs to another command (422). */
  readonly keysReused: number;
  /** Calls to which a fault applied, by its kind. */
  readonly faults: Readonly<Record<FaultKind, number>>;
}

export type CommandCounter = 'applied' | 'unchanged' | 'replayed' | 'keysInUse' | 'keysReused';

export interface CounterSet {
  countCall(): void;
  countAnswer(status: number): void;
  countCommand(name: CommandCounter): void;
  countFault(kind: FaultKind): void;
  read(): Counters;
}

export function createCounters(): CounterSet {
  let calls = 0;
  const answers: Record<string, number> = {};
  const commands: Record<CommandCounter, number> = {
    applied: 0,
    unchanged: 0,
    replayed: 0,
    keysInUse: 0,
    keysReused: 0,
  };
  const faults = Object.fromEntries(faultKinds.map((kind) => [kind, 0])) as Record<FaultKind, number>;
  return {
    countCall: () => {
      calls += 1;
    },
    countAnswer: (status) => {
      answers[status] = (answers[status] ?? 0) + 1;
    },
    countCommand: (name) => {
      commands[name] += 1;
    },
    countFault: (kind) => {
      faults[kind] += 1;
    },
    read: () => ({ calls, answers: { ...answers }, ...commands, faults: { ...faults } }),
  };
}
