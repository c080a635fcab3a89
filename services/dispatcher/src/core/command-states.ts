/**
 * The life of a command in the dispatcher: its states, when each is entered, and which may come next. Pure.
 *
 *     decoding ─► waiting ─► calling ─► storing ─► finished
 *                  ▲  ▲          │         ▲
 *                  │  └──────────┤         │
 *                  └─ pausing ◄──┤         │
 *                                └► dead-lettering
 */

interface StateRule<State extends string> {
  /** When a command enters the state. */
  readonly entered: string;
  readonly next: readonly State[];
}

function defineStates<State extends string>(
  rules: Readonly<Record<State, StateRule<NoInfer<State>>>>,
): Readonly<Record<State, StateRule<State>>> {
  return rules;
}

export const commandStates = defineStates({
  decoding: {
    entered: 'Its lane starts the record: what became of every earlier record of its key is decided.',
    next: ['waiting', 'dead-lettering', 'storing', 'finished', 'cancelled', 'failed'],
  },
  waiting: {
    entered: 'It is to be called for, the first time or again: it is in the queue of its connector.',
    next: ['calling', 'dead-lettering', 'cancelled'],
  },
  calling: {
    entered: 'The limiter of its connector let it through: its call is under way.',
    next: ['waiting', 'pausing', 'dead-lettering', 'storing', 'cancelled', 'failed'],
  },
  pausing: {
    entered: 'The answer to its call says that another one may help later.',
    next: ['waiting', 'cancelled'],
  },
  'dead-lettering': {
    entered: 'No call can help: its dead letter is being stored.',
    next: ['storing', 'finished', 'cancelled', 'failed'],
  },
  storing: {
    entered: 'What became of it is decided, and being stored in the ledger: the next command of its key may start.',
    next: ['finished', 'failed'],
  },
  finished: {
    entered: 'What became of it is durable: the record may be forgotten.',
    next: [],
  },
  cancelled: {
    entered: 'Its partition has moved away or its record is to be read again: nothing comes of it here any more.',
    next: [],
  },
  failed: {
    entered: 'Handling it failed for an unknown reason: the partition stops before it.',
    next: [],
  },
});

export type CommandState = keyof typeof commandStates;

const allowed: Readonly<Record<CommandState, ReadonlySet<CommandState>>> = Object.fromEntries(
  Object.entries(commandStates).map(([state, { next }]) => [state, new Set(next)]),
) as unknown as Record<CommandState, ReadonlySet<CommandState>>;

/**
 * Throws where the table does not allow it: the dispatcher has lost track of the command, and must not commit past it.
 */
export function assertMayEnter(from: CommandState, to: CommandState): void {
  if (!allowed[from].has(to)) throw new Error(`a command that is ${from} cannot become ${to}`);
}

/** Nothing follows. */
export function isOver(state: CommandState): boolean {
  return allowed[state].size === 0;
}
