import type { ApiClient } from '../calls/api-client.ts';
import type { ApiRequest } from '../core/api-request.ts';
import type { ApiOutcome } from '../core/classify-response.ts';

type Answer = ApiOutcome | 'effect, then lost' | 'hang';

export function answer(status: number, body: object = {}, headers: Record<string, string> = {}): ApiOutcome {
  return { kind: 'response', status, headers, body: JSON.stringify(body) };
}

/** A single call by its method and path, a bulk call by the messages of the commands in it. */
function nameOf(request: ApiRequest): string {
  const { method, path, idempotencyKey } = request;
  return idempotencyKey === undefined ? idsOf(request).map(messageOf).join('+') : `${method} ${path}`;
}

function idsOf({ body }: ApiRequest): string[] {
  const { commands } = JSON.parse(body ?? '') as { readonly commands: readonly { readonly id: string }[] };
  return commands.map(({ id }) => id);
}

/** Messages by the ids of their commands, which tests cannot read. */
const messageIds = new Map<string, string>();

/** A command goes by its message from now on, in effects and scripts. */
export function nameCommand(commandId: string, messageId: string): void {
  messageIds.set(commandId, messageId);
}

function messageOf(commandId: string): string {
  return messageIds.get(commandId) ?? commandId;
}

/** The API in memory: scripted answers, else it carries out each key once, as the contract has it. */
export function createScriptedApi(effects: string[]) {
  const script: Answer[] = [];
  /** Statuses of commands in bulk calls, by their messages; one for each call. */
  const items = new Map<string, number[]>();
  const executed = new Set<string>();
  const keys: string[] = [];
  const execute = (key: string, call: string): ApiOutcome => {
    if (executed.has(key)) return answer(200, { result: 'applied' }, { 'idempotency-replayed': 'true' });
    executed.add(key);
    effects.push(`effect of ${call}`);
    return answer(200, { result: 'applied' });
  };
  const executeItem = (id: string): object => {
    const scripted = items.get(messageOf(id))?.shift();
    if (scripted !== undefined) return { id, status: scripted, problem: { title: `status ${scripted}` } };
    const outcome = execute(`"${id}"`, messageOf(id));
    const replayed = outcome.kind === 'response' && outcome.headers['idempotency-replayed'] !== undefined;
    return { id, status: 200, result: 'applied', ...(replayed ? { replayed } : {}) };
  };
  const carryOut = (request: ApiRequest): ApiOutcome => {
    const { idempotencyKey } = request;
    if (idempotencyKey !== undefined) return execute(idempotencyKey, nameOf(request));
    return answer(200, { results: idsOf(request).map(executeItem) });
  };
  const outcomeOf = (request: ApiRequest): ApiOutcome | undefined => {
    const scripted = script.shift();
    if (scripted === 'hang') return undefined;
    if (scripted === 'effect, then lost') {
      carryOut(request);
      return { kind: 'no-response', reason: 'connection', message: 'other side closed' };
    }
    return scripted ?? carryOut(request);
  };
  const client: ApiClient = {
    call: (request, apiKey, receiver) => {
      effects.push(`call ${nameOf(request)}`);
      keys.push(apiKey);
      const outcome = outcomeOf(request);
      let aborted = false;
      queueMicrotask(() => {
        if (outcome !== undefined && !aborted) receiver.onOutcome(outcome);
      });
      return {
        abort: () => {
          aborted = true;
        },
      };
    },
    close: async () => undefined,
  };
  return { client, script, items, keys };
}
