/** Asks routes as the server does, and holds each answer to the schema of its route. */
import type { ApiAnswer, Route, ServerSentEvent } from '../../routes/route.ts';

type Texts = Readonly<Record<string, string>>;

export interface RouteAsker {
  ask(path: string, params?: Texts, query?: Texts, signal?: AbortSignal): Promise<ApiAnswer>;
  /** Throws where the answer is another one. As a client gets it: what is undefined is left out. */
  json<Body>(path: string, params?: Texts, query?: Texts): Promise<Body>;
  stream(path: string, query: Texts, signal: AbortSignal): Promise<AsyncIterable<ServerSentEvent>>;
}

export function askRoutes(routes: readonly Route[]): RouteAsker {
  const ask: RouteAsker['ask'] = async (path, params = {}, query = {}, signal = new AbortController().signal) => {
    const route = routes.find((each) => each.path === path);
    if (route === undefined) throw new Error(`there is no route ${path}`);
    const checked = route.query?.safeParse(query);
    if (checked?.success === false) {
      return { kind: 'refused', status: 400, code: 'console.request-invalid', message: checked.error.message };
    }
    const caller = { name: 'ann', role: route.role, address: '127.0.0.1' };
    const answer = await route.handle({ params, query, body: undefined, caller, signal });
    if (answer.kind !== 'json') return answer;
    const body = JSON.parse(JSON.stringify(answer.body)) as object;
    route.answer.parse(body);
    return { kind: 'json', body };
  };
  return {
    ask,
    json: async <Body>(path: string, params?: Texts, query?: Texts) => {
      const answer = await ask(path, params, query);
      if (answer.kind !== 'json') throw new Error(`${path} answered ${JSON.stringify(answer)}`);
      return answer.body as Body;
    },
    stream: async (path, query, signal) => {
      const answer = await ask(path, {}, query, signal);
      if (answer.kind !== 'stream') throw new Error(`${path} answered ${JSON.stringify(answer)}`);
      return answer.events;
    },
  };
}
