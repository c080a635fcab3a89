/** The Astrolabe API's contract as a server, for tests, demo and bench. */
export {
  createReferenceApi,
  startReferenceApi,
  type ListenOptions,
  type ReferenceApi,
  type ReferenceApiOptions,
  type RunningReferenceApi,
} from './reference-api.ts';
export type { ApiKey } from './http/api-keys.ts';
export type { ApiCommand, ApiCommandKind } from './commands/command.ts';
export type { Execution, KeyedCommand } from './commands/execute-commands.ts';
export type { CallPage, CallRecord } from './store/call-log.ts';
export type { Counters } from './store/counters.ts';
export type { Fault, FaultKind, FaultMatch, Faults, ScriptedFault } from './faults.ts';
