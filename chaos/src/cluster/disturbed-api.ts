/** The reference API of a run: what it was asked, in order, and the faults that are on right now. */
import {
  startReferenceApi,
  type ApiCommand,
  type Fault,
  type KeyedCommand,
  type RunningReferenceApi,
} from '@astrolabe/reference-api';
import type { CommandKind } from '@astrolabe/schemas';
import type { Arrival, Attempt } from '../oracle/observed.ts';
import type { TrafficConnector } from '../traffic/traffic-connector.ts';

export interface DisturbedApi {
  readonly api: RunningReferenceApi;
  readonly arrivals: readonly Arrival[];
  /** Each once, however often it was made. */
  readonly attempts: () => readonly Attempt[];
  /** Collects every call for a command from here on, answered or not, until `stop`. One at a time. */
  recordCalls(): CallRecording;
  /** Lets faults befall calls until the returned function is called. */
  disturb(...faults: readonly Fault[]): () => void;
  close(): Promise<void>;
}

export interface CallRecording {
  /** In the order in which they were made, each as often as it was. */
  stop(): readonly Attempt[];
}

const kindNames: Readonly<Record<ApiCommand['kind'], CommandKind>> = {
  upsertUser: 'UpsertUser',
  upsertAccount: 'UpsertAccount',
  associateUser: 'AssociateUser',
  trackEvent: 'TrackEvent',
  deleteUser: 'DeleteUser',
};

export async function startDisturbedApi(connectors: readonly TrafficConnector[], seed: number): Promise<DisturbedApi> {
  const arrivals: Arrival[] = [];
  const attempts = new Map<string, Attempt>();
  let recorded: Attempt[] | undefined;
  const api = await startReferenceApi({
    apiKeys: connectors.map(({ id, apiKey }) => ({ connector: id, key: apiKey })),
    seed,
    callLogCapacity: 10_000,
    onAttempt: (connectorId, command) => {
      const attempt = toAttempt(connectorId, command);
      attempts.set(JSON.stringify(attempt), attempt);
      recorded?.push(attempt);
    },
    onExecution: (connectorId, command, execution) => {
      arrivals.push({
        ...toAttempt(connectorId, command),
        sequence: arrivals.length + 1,
        atMs: Date.now(),
        outcome: execution.kind === 'key-reused' ? 'key-reused' : execution.replayed ? 'replayed' : execution.result,
      });
    },
  });
  const active = new Set<readonly Fault[]>();
  const applyActive = (): void => {
    api.faults.clear();
    api.faults.add(...[...active].flat());
  };
  return {
    api,
    arrivals,
    attempts: () => [...attempts.values()],
    recordCalls: () => {
      const calls: Attempt[] = [];
      recorded = calls;
      return {
        stop: () => {
          recorded = undefined;
          return calls;
        },
      };
    },
    disturb: (...faults) => {
      active.add(faults);
      applyActive();
      return () => {
        active.delete(faults);
        applyActive();
      };
    },
    close: () => api.close(),
  };
}

function toAttempt(connectorId: string, { key, command }: KeyedCommand): Attempt {
  return {
    connectorId,
    commandId: key,
    kind: kindNames[command.kind],
    userId: 'userId' in command ? command.userId : null,
    accountId: 'accountId' in command ? command.accountId : null,
    occurredAtMs: command.occurredAtMs,
    eventId: command.kind === 'trackEvent' ? command.id : null,
  };
}
