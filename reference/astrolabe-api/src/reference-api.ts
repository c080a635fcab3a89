import type { FastifyInstance } from 'fastify';
import type { ApiContext } from './http/api-context.ts';
import { createAuthenticate, type ApiKey } from './http/api-keys.ts';
import { createCallLog, type CallLog } from './store/call-log.ts';
import { createCounters, type Counters } from './store/counters.ts';
import { openDatabase } from './store/database.ts';
import { createExecuteCommands, type Execution, type KeyedCommand } from './commands/execute-commands.ts';
import { createFaults, type Faults } from './faults.ts';
import { createIdempotencyStore, defaultIdempotencyTtlMs } from './store/idempotency-store.ts';
import { createInFlightKeys } from './store/in-flight-keys.ts';
import { createServer } from './http/server.ts';
import { createState } from './store/state.ts';

export interface ReferenceApiOptions {
  readonly apiKeys: readonly ApiKey[];
  /** A file, created if missing, or `:memory:`. Default `:memory:`. */
  readonly database?: string;
  /** Serves `/__reference`, without authentication. Default false. */
  readonly enableControl?: boolean;
  /** How long answers are remembered. Default 7 days. */
  readonly idempotencyTtlMs?: number;
  /** Of the random numbers of faults. Default 1. */
  readonly seed?: number;
  /** How many calls the log keeps. Default 100,000. */
  readonly callLogCapacity?: number;
  /** Epoch milliseconds. Default: the system's clock. */
  readonly nowMs?: () => number;
  /** Called with every valid command on arrival, before a fault applies to its call. Default: not called. */
  readonly onAttempt?: (connector: string, command: KeyedCommand) => void;
  /** Called with every command in the order of execution, after its effect. Default: not called. */
  readonly onExecution?: (connector: string, command: KeyedCommand, execution: Execution) => void;
  /** Called with internal faults of the API. Default: not called. */
  readonly onError?: (error: unknown) => void;
}

export interface ReferenceApi {
  /** Not listening. */
  readonly app: FastifyInstance;
  readonly faults: Faults;
  readonly calls: Pick<CallLog, 'page' | 'all'>;
  counters(): Counters;
  /** Takes these keys from now on, and no others. Throws if one is given to two connectors. */
  replaceApiKeys(apiKeys: readonly ApiKey[]): void;
  /** Ends all connections, including hung ones, and closes the database. May be called again. */
  close(): Promise<void>;
}

/** Throws if the database cannot be opened or one API key is given to two connectors. */
export function createReferenceApi(options: ReferenceApiOptions): ReferenceApi {
  let authenticate = createAuthenticate(options.apiKeys);
  const database = openDatabase(options.database ?? ':memory:');
  const state = createState(database);
  const answers = createIdempotencyStore(database, options.idempotencyTtlMs ?? defaultIdempotencyTtlMs);
  const execute = createExecuteCommands(database, state, answers);
  const closing = new AbortController();
  const context: ApiContext = {
    state,
    execute: (workspace, commands, nowMs) => {
      const executions = execute(workspace, commands, nowMs);
      for (const [index, execution] of executions.entries()) {
        const command = commands[index];
        if (command !== undefined) options.onExecution?.(workspace, command, execution);
      }
      return executions;
    },
    attempted: (workspace, commands) => {
      for (const command of commands) options.onAttempt?.(workspace, command);
    },
    inFlight: createInFlightKeys(),
    faults: createFaults(options.seed),
    calls: createCallLog(options.callLogCapacity ?? 100_000),
    counters: createCounters(),
    nowMs: options.nowMs ?? Date.now,
    closing: closing.signal,
  };
  const replaceApiKeys = (apiKeys: readonly ApiKey[]): void => {
    authenticate = createAuthenticate(apiKeys);
  };
  const app = createServer(context, {
    authenticate: (authorization) => authenticate(authorization),
    replaceApiKeys,
    enableControl: options.enableControl ?? false,
    onError: options.onError ?? (() => undefined),
  });
  const close = async () => {
    closing.abort();
    await app.close();
    database.close();
  };
  let closed: Promise<void> | undefined;
  return {
    app,
    faults: context.faults,
    calls: context.calls,
    counters: () => context.counters.read(),
    replaceApiKeys,
    close: () => (closed ??= close()),
  };
}

export interface ListenOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: a free port. */
  readonly port?: number;
}

/** A reference API that listens at `url`. */
export interface RunningReferenceApi extends Omit<ReferenceApi, 'app'> {
  readonly url: string;
}

/** Rejects if it cannot listen on the address, or as `createReferenceApi` throws. */
export async function startReferenceApi({
  host = '127.0.0.1',
  port = 0,
  ...options
}: ReferenceApiOptions & ListenOptions): Promise<RunningReferenceApi> {
  const { app, ...api } = createReferenceApi(options);
  try {
    return { url: await app.listen({ host, port }), ...api };
  } catch (error) {
    await api.close();
    throw error;
  }
}
