/** Redrives and dismissals that go on after the answer. */
import type { ApiAnswer, Route } from '../../../routes/route.ts';
import { auditorOf, type ActionContext } from '../action-context.ts';
import { toJobAnswer } from './job-answers.ts';
import type { RecentActions } from './recent-actions.ts';
import { refusal } from '../refusals.ts';
import { jobAnswer, jobsAnswer, noBody } from '../shapes.ts';

export function jobRoutes(context: ActionContext, recent: RecentActions): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/jobs',
      role: 'viewer',
      summary: 'Jobs that are under way or have ended, the latest first',
      answer: jobsAnswer,
      handle: async () => ({ kind: 'json', body: { jobs: (await context.jobs()).list().map(toJobAnswer) } }),
    },
    {
      method: 'GET',
      path: '/jobs/:id',
      role: 'viewer',
      summary: 'A job: how far it is, and what came of it',
      answer: jobAnswer,
      handle: async ({ params }) => {
        const id = params['id'] ?? '';
        const made = recent.find(id);
        if (made !== undefined) return { kind: 'json', body: made };
        const view = (await context.jobs()).find(id);
        return view === undefined ? unknownJob(id) : { kind: 'json', body: toJobAnswer(view) };
      },
    },
    {
      method: 'POST',
      path: '/jobs/:id/cancel',
      role: 'replayer',
      action: 'cancel-job',
      summary: 'Ends a job; what it has done until then stays done',
      body: noBody,
      answer: jobAnswer,
      answers: 'accepted',
      handle: async ({ params, caller }): Promise<ApiAnswer> => {
        const id = params['id'] ?? '';
        const jobs = await context.jobs();
        const cancelled = await jobs.cancel(await auditorOf(context, caller), id);
        if (cancelled.kind === 'unknown') return unknownJob(id);
        if (cancelled.kind === 'over') {
          return refusal(
            409,
            'console.job-over',
            `the job is ${cancelled.phase} already, so there is nothing to cancel`,
          );
        }
        const view = jobs.find(id);
        return view === undefined ? unknownJob(id) : { kind: 'accepted', body: toJobAnswer(view) };
      },
    },
  ];
}

function unknownJob(id: string): ApiAnswer {
  const message = `no job has the id ${id}; jobs are listed for 31 days, and the audit has all of them`;
  return refusal(404, 'console.job-unknown', message);
}
