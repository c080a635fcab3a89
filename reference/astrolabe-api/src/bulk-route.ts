import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { JsonObject, JsonValue } from '@astrolabe/schemas';
import { sendJson, sendProblem } from './answers.ts';
import type { ApiContext } from './api-context.ts';
import { applyFaults, loseAnswer } from './apply-faults.ts';
import type { WriteResult } from './command.ts';
import type { Execution, KeyedCommand } from './execute-commands.ts';
import { isObject, parseBulkCommand } from './parse-command.ts';
import { buildRequestProblem, type Problem, type RequestDefect } from './problem.ts';
import { countExecution, keyInUse, keyReused } from './write-routes.ts';

export const maxBulkCommands = 1_000;
const maxBulkBytes = 8 * 1024 * 1024;

interface CommandResult {
  readonly id: string;
  readonly status: number;
  readonly result?: WriteResult;
  readonly replayed?: true;
  readonly problem?: Problem;
}

export function registerBulkRoute(app: FastifyInstance, context: ApiContext): void {
  app.post<{ Body: JsonValue | undefined }>('/v1/commands', { bodyLimit: maxBulkBytes }, (request, reply) =>
    executeBulk(context, request, reply, request.body),
  );
}

/** The steps of a single write (`write-routes.ts`) for each command, with one transaction for all that can be executed. */
async function executeBulk(
  context: ApiContext,
  request: FastifyRequest,
  reply: FastifyReply,
  body: JsonValue | undefined,
): Promise<FastifyReply | undefined> {
  const { connector, call } = request;
  const items = readItems(body);
  if (!Array.isArray(items)) return sendProblem(reply, items as Problem);
  call.commands = items.length;

  const claimed = new Set<string>();
  try {
    // A place for each command: its problem, or the index of its execution.
    const places: (Problem | number)[] = [];
    const commands: KeyedCommand[] = [];
    for (const item of items as readonly IdentifiedItem[]) {
      const reading = parseBulkCommand(item);
      if (reading.kind === 'problem') {
        places.push(reading.problem);
      } else if (claimed.has(item.id) || context.inFlight.claim(connector, item.id)) {
        claimed.add(item.id);
        places.push(commands.push({ key: item.id, command: reading.command }) - 1);
      } else {
        context.counters.countCommand('keysInUse');
        places.push(keyInUse());
      }
    }

    const fault = await applyFaults(context, request, reply);
    if (fault === 'ended') return undefined;
    const executions = context.execute(connector, commands, context.nowMs());
    for (const execution of executions) countExecution(context, request, execution);
    if (fault === 'lose-answer') {
      loseAnswer(request, reply);
      return undefined;
    }
    const results = (items as readonly IdentifiedItem[]).map(({ id }, index) => {
      const place = places[index] as Problem | number;
      return typeof place === 'number' ? toResult(id, executions[place] as Execution) : toFailure(id, place);
    });
    return sendJson(reply, JSON.stringify({ results }));
  } finally {
    for (const id of claimed) context.inFlight.release(connector, id);
  }
}

type IdentifiedItem = JsonObject & { readonly id: string };

/** The commands of a call, or what is wrong with the call as a whole. */
function readItems(body: JsonValue | undefined): readonly IdentifiedItem[] | Problem {
  const errors: RequestDefect[] = [];
  const commands = isObject(body) ? body['commands'] : undefined;
  if (!isObject(body) || !Array.isArray(commands)) {
    errors.push({ pointer: '/commands', detail: 'must be an array of commands' });
    return buildRequestProblem('invalid-request', errors);
  }
  for (const name of Object.keys(body)) {
    if (name !== 'commands') errors.push({ pointer: `/${name}`, detail: 'is not known here' });
  }
  if (commands.length === 0 || commands.length > maxBulkCommands) {
    errors.push({
      pointer: '/commands',
      detail: `must have 1 to ${maxBulkCommands} commands, and has ${commands.length}`,
    });
  }
  for (const [index, command] of (commands as readonly JsonValue[]).entries()) {
    const id = isObject(command) ? command['id'] : undefined;
    if (typeof id === 'string' && /^[\x20-\x7e]{1,255}$/.test(id)) continue;
    errors.push({ pointer: `/commands/${index}/id`, detail: 'must be 1 to 255 printable ASCII characters' });
  }
  return errors.length === 0 ? (commands as IdentifiedItem[]) : buildRequestProblem('invalid-request', errors);
}

function toResult(id: string, execution: Execution): CommandResult {
  if (execution.kind === 'key-reused') return toFailure(id, keyReused());
  const { result, replayed } = execution;
  return replayed ? { id, status: 200, result, replayed } : { id, status: 200, result };
}

function toFailure(id: string, problem: Problem): CommandResult {
  return { id, status: problem.status, problem };
}
