/** What the routes of changes need on the brokers, for the composition of the console. */
import type { JobView } from '@astrolabe/operations';
import type { ActionContext } from './action-context.ts';
import { ActionSource, type ActionSourceOptions } from './open-actions.ts';

export type ActionsOptions = ActionSourceOptions & Omit<ActionContext, 'auditLog' | 'jobs' | 'onEndLost'>;

export interface Actions {
  /** What the routes of changes are made of. */
  readonly context: ActionContext;
  /** Carries on the jobs that were left behind, as soon as the brokers can be reached. */
  start(): void;
  /** Undefined: they could not be read yet. */
  knownJobs(): readonly JobView[] | undefined;
  /** Jobs that are under way are left to the next console. Never rejects. */
  close(): Promise<void>;
}

/** Reaches nothing before it is started, or a route is asked. */
export function createActions(options: ActionsOptions): Actions {
  const source = new ActionSource(options);
  const context: ActionContext = {
    ...options,
    auditLog: () => source.auditLog(),
    jobs: () => source.jobs(),
    onEndLost: (error) => options.onFault('recording the end of an action', error),
  };
  return {
    context,
    start: () => source.start(),
    knownJobs: () => source.knownJobs(),
    close: () => source.close(),
  };
}
