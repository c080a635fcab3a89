/** Every route that changes something, and the audit. */
import { isPipelineError } from '@astrolabe/service-kit/errors';
import type { ActionName, ApiAnswer, ApiRequest, Route } from '../../routes/route.ts';
import type { ActionContext } from './action-context.ts';
import { auditRoutes } from './audit-routes.ts';
import { connectorRoutes } from './connector-routes.ts';
import { contractRoutes } from './contract-routes.ts';
import { deadLetterRoutes } from './dead-letter-routes.ts';
import { jobRoutes } from './plans/job-routes.ts';
import { planRoutes } from './plans/plan-routes.ts';
import { RecentActions } from './plans/recent-actions.ts';
import { refusal } from './refusals.ts';
import { replayControlRoutes } from './replay-control-routes.ts';

/** What is shown of these is read once for all tabs, and not again for a while. */
const changedBy: Readonly<Partial<Record<ActionName, 'connectors' | 'contracts'>>> = {
  'add-connector': 'connectors',
  'edit-connector': 'connectors',
  'enable-connector': 'connectors',
  'rotate-key': 'connectors',
  'retire-key': 'connectors',
  'apply-topics': 'contracts',
  'apply-schemas': 'contracts',
};

/** Only closes over what it is given. */
export function actionRoutes(context: ActionContext): readonly Route[] {
  const recent = new RecentActions();
  const routes = [
    ...planRoutes(context, recent),
    ...jobRoutes(context, recent),
    ...deadLetterRoutes(context, recent),
    ...replayControlRoutes(context),
    ...connectorRoutes(context),
    ...contractRoutes(context),
    ...auditRoutes(context),
  ];
  return routes.map((route) => ({
    ...route,
    handle: async (request) => {
      const changed = route.action && changedBy[route.action];
      try {
        return await unlessFaulty(route, request);
      } finally {
        // Before the answer: the page that has asked for the change looks at once.
        if (changed !== undefined) context.onChanged(changed);
      }
    },
  }));
}

/**
 * A fault that may be gone when it is tried again, and a connectors file that cannot be used, are answers. Anything
 * else is a fault of the console.
 */
async function unlessFaulty(route: Route, request: ApiRequest): Promise<ApiAnswer> {
  try {
    return await route.handle(request);
  } catch (error) {
    if (isPipelineError(error, 'connectors.invalid')) return refusal(409, error.code, error.message);
    if (isPipelineError(error) && error.retryable) return refusal(503, error.code, error.message);
    throw error;
  }
}
