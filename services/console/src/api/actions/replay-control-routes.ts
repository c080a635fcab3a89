/** Pausing, resuming and cancelling replays. */
import { auditedReplayControl, type ControlledReplay } from '@astrolabe/operations';
import type { ActionName, ApiAnswer, Route } from '../../routes/route.ts';
import { auditorOf, type ActionContext } from './action-context.ts';
import { refusal } from './refusals.ts';
import { controlAnswer, noBody, resumeBody } from './shapes.ts';

const verbs = [
  {
    verb: 'pause',
    action: 'pause-replay',
    wanted: 'pause',
    summary: 'Lets a replay read no further until it is resumed',
  },
  {
    verb: 'resume',
    action: 'resume-replay',
    wanted: 'run',
    summary: 'Lets a replay go on, at another rate if one is given',
  },
  { verb: 'cancel', action: 'cancel-replay', wanted: 'cancel', summary: 'Ends a replay for good' },
] as const satisfies readonly { readonly action: ActionName; readonly [name: string]: string }[];

export function replayControlRoutes(context: ActionContext): readonly Route[] {
  return verbs.map(({ verb, action, wanted, summary }): Route => ({
    method: 'POST',
    path: `/replays/:id/${verb}`,
    role: 'replayer',
    action,
    summary,
    body: wanted === 'run' ? resumeBody : noBody,
    answer: controlAnswer,
    handle: async ({ params, body, caller, signal }) => {
      const id = params['id'] ?? '';
      const { recordsPerSecond: rate } = body as { recordsPerSecond?: number | 'none' };
      const cluster = await context.cluster();
      const options = { cluster, id, wanted, rate, clock: context.clock, signal };
      return answerOf(id, await auditedReplayControl(await auditorOf(context, caller), options));
    },
  }));
}

function answerOf(id: string, controlled: ControlledReplay): ApiAnswer {
  switch (controlled.kind) {
    case 'changed':
    case 'unchanged':
    case 'removed':
      return { kind: 'json', body: { replayId: id, outcome: controlled.kind } };
    case 'orphan':
      return conflict(`the topic of replay ${id} was deleted and created again, so no service works on it; cancel it`);
    case 'refused':
      return conflict(`replay ${id} is ${controlled.phase} and cannot be changed any more`);
    case 'older-version':
      return conflict(`replay ${id} was started by an earlier version, which did not let anybody change it`);
    case 'unknown':
      return refusal(
        404,
        'console.replay-unknown',
        `no replay has the id ${id}; the list of replays has all that there are`,
      );
  }
}

function conflict(message: string): ApiAnswer {
  return refusal(409, 'console.replay-refused', message);
}
