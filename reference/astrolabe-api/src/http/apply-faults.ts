import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { sendProblem } from './answers.ts';
import type { ApiContext } from './api-context.ts';
import { buildProblem, problemCodeOf } from './problem.ts';

/**
 * `proceed`: no fault, or only a delay, applied. `lose-answer`: execute the call, then call `loseAnswer`. `ended`: the
 * call was answered or cut; do nothing more.
 */
export type FaultResult = 'proceed' | 'lose-answer' | 'ended';

/** Applies the scripted faults to a call. Called once for each valid call, before its effect. */
export async function applyFaults(
  context: ApiContext,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FaultResult> {
  const { delayMs, action } = context.faults.decide({
    connector: request.connector,
    method: request.method,
    path: request.url,
  });
  if (delayMs > 0) {
    note(context, request, 'delay');
    try {
      await sleep(delayMs, undefined, { signal: context.closing });
    } catch {
      return cut(request, reply);
    }
  }
  if (action === undefined) return 'proceed';
  note(context, request, action.kind);
  switch (action.kind) {
    case 'status': {
      if (action.retryAfterSeconds !== undefined) void reply.header('retry-after', action.retryAfterSeconds);
      const { status } = action;
      sendProblem(reply, buildProblem(status, problemCodeOf(status), `this answer was scripted: status ${status}`));
      return 'ended';
    }
    case 'hang':
      reply.hijack();
      if (!request.raw.socket.destroyed) await once(request.raw.socket, 'close');
      return 'ended';
    case 'cut':
      return cut(request, reply);
    case 'lose-answer':
      return 'lose-answer';
  }
}

/** Ends the connection instead of answering. */
export function loseAnswer(request: FastifyRequest, reply: FastifyReply): void {
  cut(request, reply);
}

function cut(request: FastifyRequest, reply: FastifyReply): 'ended' {
  reply.hijack();
  request.raw.socket.destroy();
  return 'ended';
}

function note(context: ApiContext, request: FastifyRequest, kind: NonNullable<FastifyRequest['call']['fault']>): void {
  request.call.fault = kind;
  context.counters.countFault(kind);
}
