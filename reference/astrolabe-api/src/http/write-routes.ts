import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { JsonValue } from '@astrolabe/schemas';
import { sendJson, sendProblem } from './answers.ts';
import type { ApiContext } from './api-context.ts';
import { applyFaults, loseAnswer } from './apply-faults.ts';
import type { Execution } from '../commands/execute-commands.ts';
import { readIdempotencyKey } from '../commands/idempotency-key.ts';
import {
  parseAssociateUser,
  parseDeleteUser,
  parsePathIds,
  parseTrackEvent,
  parseUpsertAccount,
  parseUpsertUser,
  type CommandReading,
} from '../commands/parse-command.ts';
import { buildProblem, type Problem } from './problem.ts';
import { readQuery } from './read-query.ts';

const writtenBodies = { applied: '{"result":"applied"}', unchanged: '{"result":"unchanged"}' } as const;

interface WriteRoute {
  Params: Record<string, string>;
  Body: JsonValue | undefined;
}

type WriteRequest = FastifyRequest<WriteRoute>;

export function registerWriteRoutes(app: FastifyInstance, context: ApiContext): void {
  const handle = (parse: (request: WriteRequest) => CommandReading) => (request: WriteRequest, reply: FastifyReply) =>
    write(context, request, reply, parse);
  /** Only the deletion has a query. */
  const handleBody = (parse: (request: WriteRequest) => CommandReading) =>
    handle((request) => {
      const query = readQuery(request.url, {});
      return query.kind === 'problem' ? query : parse(request);
    });

  app.put<WriteRoute>(
    '/v1/users/:userId',
    handleBody(({ params, body }) => parseUpsertUser(params['userId'] ?? '', body)),
  );
  app.delete<WriteRoute>(
    '/v1/users/:userId',
    handle(({ params, url }) => parseDeleteUser(params['userId'] ?? '', url)),
  );
  app.put<WriteRoute>(
    '/v1/accounts/:accountId',
    handleBody(({ params, body }) => parseUpsertAccount(params['accountId'] ?? '', body)),
  );
  app.put<WriteRoute>(
    '/v1/accounts/:accountId/users/:userId',
    handleBody(({ params, body }) => parseAssociateUser(params['accountId'] ?? '', params['userId'] ?? '', body)),
  );
  app.post<WriteRoute>(
    '/v1/events',
    handleBody(({ body }) => parseTrackEvent(body)),
  );
}

/**
 * One command: (1) refuse it if it is invalid; (2) take the key, so that no second call with it gets past here; (3)
 * apply faults; (4) effect and remembered answer in one transaction; (5) answer, and release the key.
 */
async function write(
  context: ApiContext,
  request: WriteRequest,
  reply: FastifyReply,
  parse: (request: WriteRequest) => CommandReading,
): Promise<FastifyReply | undefined> {
  const { call, connector } = request;
  const { counters, inFlight } = context;

  const keyReading = readIdempotencyKey(request.headers['idempotency-key']);
  if (keyReading.kind === 'problem') return sendProblem(reply, keyReading.problem);
  const { key } = keyReading;
  call.idempotencyKey = key;
  const idProblem = parsePathIds(request.params);
  if (idProblem !== undefined) return sendProblem(reply, idProblem);
  const reading = parse(request);
  if (reading.kind === 'problem') return sendProblem(reply, reading.problem);
  call.commands = 1;

  if (!inFlight.claim(connector, key)) {
    counters.countCommand('keysInUse');
    return sendProblem(reply, keyInUse());
  }
  try {
    const commands = [{ key, command: reading.command }];
    context.attempted(connector, commands);
    const fault = await applyFaults(context, request, reply);
    if (fault === 'ended') return undefined;
    const [execution] = context.execute(connector, commands, context.nowMs());
    if (execution === undefined) throw new Error('a command was executed without a result');
    countExecution(context, request, execution);
    if (fault === 'lose-answer') {
      loseAnswer(request, reply);
      return undefined;
    }
    if (execution.kind === 'key-reused') return await sendProblem(reply, keyReused());
    if (execution.replayed) void reply.header('idempotency-replayed', 'true');
    return await sendJson(reply, writtenBodies[execution.result]);
  } finally {
    inFlight.release(connector, key);
  }
}

export function countExecution({ counters }: ApiContext, { call }: FastifyRequest, execution: Execution): void {
  if (execution.kind === 'key-reused') {
    counters.countCommand('keysReused');
  } else if (execution.replayed) {
    call.replayed += 1;
    counters.countCommand('replayed');
  } else {
    if (execution.result === 'applied') call.applied += 1;
    counters.countCommand(execution.result);
  }
}

export function keyInUse(): Problem {
  const detail = 'the first call with this key has not ended; repeat this one after a pause';
  return buildProblem(409, 'idempotency-key-in-use', detail);
}

export function keyReused(): Problem {
  const detail = 'this key belongs to a command with other content; a new command needs a new key';
  return buildProblem(422, 'idempotency-key-reused', detail);
}
