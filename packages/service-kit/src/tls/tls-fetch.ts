/** `fetch` with authorities and a client certificate of one's own, which Node's does not take. */
import { readTls, type TlsMaterial } from './tls-options.ts';

/** Of a client that is asked now and then: each connection is made with the files as they are at that time. */
export function createFetch(tls: TlsMaterial): typeof fetch {
  if (Object.values(tls).every((each) => each === undefined)) return fetch;
  return async (...[url, options]: Parameters<typeof fetch>) => {
    const { Agent, fetch: fetchBy } = await import('undici');
    // One request, one agent; its connection ends with the answer.
    const dispatcher = new Agent({ connect: readTls(tls), pipelining: 0 });
    return fetchBy(url as string, { ...(options as object), dispatcher });
  };
}
