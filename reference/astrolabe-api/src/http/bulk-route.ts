import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { JsonObject, JsonValue } from '@astrolabe/schemas';
import { sendJson, sendProblem } from './answers.ts';
import type { ApiContext } from './api-context.ts';
import { applyFaults, loseAnswer } from './apply-faults.ts';
import type { WriteResult } from '../commands/command.ts';
import type { Execution, KeyedCommand } from '../commands/execute-commands.ts';
import { commandIdDefect, isCommandId, isObject, parseBulkCommand } from '../commands/parse-command.ts';
import { buildRequestProblem, type Problem, type RequestDefect } from './problem.ts';
import { readQuery } from './read-query.ts';
import { countExecution, keyInUse, keyReused } from './write-routes.ts';

const maxBulkCommands = 1_000;
const maxBulkBytes = 8 * 1024 * 1024;

interface CommandResult {
  readonly id: string;
  readonly status: number;
  readonly result?: WriteResult;
  readonly replayed?: true;
  readonly problem?: Problem;
}

/** The source of a command's result: its defects, or its execution. */
type Slot = { readonly id: string } & ({ readonly problem: Problem } | { readonly executionIndex: number });

export function registerBulkRoute(app: FastifyInstance, context: ApiContext): void {
  app.post<{ Body: JsonValue | undefined }>('/v1/commands', { bodyLimit: maxBulkBytes }, (request, reply) =>
    executeBulk(context, request, reply, request.body),
  );
}

/** Applies the steps of a single write (`write-routes.ts`) to each command, with one transaction for all valid ones. */
async function executeBulk(
  context: ApiContext,
  request: FastifyRequest,
  reply: FastifyReply,
  body: JsonValue | undefined,
): Promise<FastifyReply | undefined> {
  const { connector, call } = request;
  const query = readQuery(request.url, {});
  if (query.kind === 'problem') return sendProblem(reply, query.problem);
  const reading = readItems(body);
  if (reading.kind === 'problem') return sendProblem(reply, reading.problem);
  const { items } = reading;
  call.commands = items.length;

  const claimed = new Set<string>();
  try {
    const slots: Slot[] = [];
    const commands: KeyedCommand[] = [];
    for (const item of items) {
      const { id } = item;
      const command = parseBulkCommand(item);
      if (command.kind === 'problem') {
        slots.push({ id, problem: command.problem });
      } else if (claimed.has(id) || context.inFlight.claim(connector, id)) {
        claimed.add(id);
        slots.push({ id, executionIndex: commands.push({ key: id, command: command.command }) - 1 });
      } else {
        context.counters.countCommand('keysInUse');
        slots.push({ id, problem: keyInUse() });
      }
    }

    context.attempted(connector, commands);
    const fault = await applyFaults(context, request, reply);
    if (fault === 'ended') return undefined;
    const executions = context.execute(connector, commands, context.nowMs());
    for (const execution of executions) countExecution(context, request, execution);
    if (fault === 'lose-answer') {
      loseAnswer(request, reply);
      return undefined;
    }
    const results = slots.map((slot) => toResult(slot, executions));
    return await sendJson(reply, JSON.stringify({ results }));
  } finally {
    for (const id of claimed) context.inFlight.release(connector, id);
  }
}

type IdentifiedItem = JsonObject & { readonly id: string };

type ItemsReading =
  | { readonly kind: 'items'; readonly items: readonly IdentifiedItem[] }
  | { readonly kind: 'problem'; readonly problem: Problem };

/** The commands of a call, each with an id, or what is wrong with the call as a whole. */
function readItems(body: JsonValue | undefined): ItemsReading {
  const commands: unknown = isObject(body) ? body['commands'] : undefined;
  const errors: RequestDefect[] = [];
  if (!isObject(body) || !Array.isArray(commands)) {
    errors.push({ pointer: '/commands', detail: 'must be an array of commands' });
    return { kind: 'problem', problem: buildRequestProblem('invalid-request', errors) };
  }
  const items = commands as readonly JsonValue[];
  for (const name of Object.keys(body)) {
    if (name !== 'commands') errors.push({ pointer: `/${name}`, detail: 'is not known here' });
  }
  if (items.length === 0 || items.length > maxBulkCommands) {
    errors.push({
      pointer: '/commands',
      detail: `must have 1 to ${maxBulkCommands} commands, and has ${items.length}`,
    });
  }
  for (const [index, item] of items.entries()) {
    const id = isObject(item) ? item['id'] : undefined;
    if (typeof id === 'string' && isCommandId(id)) continue;
    errors.push({ pointer: `/commands/${index}/id`, detail: commandIdDefect });
  }
  if (errors.length > 0) return { kind: 'problem', problem: buildRequestProblem('invalid-request', errors) };
  return { kind: 'items', items: items as readonly IdentifiedItem[] };
}

function toResult(slot: Slot, executions: readonly Execution[]): CommandResult {
  if ('problem' in slot) return toFailure(slot.id, slot.problem);
  const execution = executions[slot.executionIndex];
  if (execution === undefined) throw new Error(`command ${slot.id} was executed without a result`);
  if (execution.kind === 'key-reused') return toFailure(slot.id, keyReused());
  const { result, replayed } = execution;
  return { id: slot.id, status: 200, result, ...(replayed ? { replayed } : {}) };
}

function toFailure(id: string, problem: Problem): CommandResult {
  return { id, status: problem.status, problem };
}
