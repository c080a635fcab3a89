import type { CallLog, CallRecord } from '../store/call-log.ts';
import type { CounterSet } from '../store/counters.ts';
import type { ExecuteCommands, KeyedCommand } from '../commands/execute-commands.ts';
import type { Faults } from '../faults.ts';
import type { InFlightKeys } from '../store/in-flight-keys.ts';
import type { State } from '../store/state.ts';

/** What the routes share. */
export interface ApiContext {
  readonly state: State;
  readonly execute: ExecuteCommands;
  /** Called with the valid commands of a call, before its faults are drawn. */
  readonly attempted: (workspace: string, commands: readonly KeyedCommand[]) => void;
  readonly inFlight: InFlightKeys;
  readonly faults: Faults;
  readonly calls: CallLog;
  readonly counters: CounterSet;
  readonly nowMs: () => number;
  /** Aborted when the server closes, to end scripted delays. */
  readonly closing: AbortSignal;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The call's entry in the log. Set for every path of the API, before anything else. */
    call: CallRecord;
    /** Set for every path under /v1, once the API key is known. */
    connector: string;
  }
}
