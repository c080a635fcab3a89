/** A token endpoint: OAuth's client credentials grant, with tokens that have no signature. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface TokenServer {
  readonly url: string;
  /** Tokens given. */
  readonly given: number;
  close(): Promise<void>;
}

export interface TokenServerOptions {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly subject: string;
  /** Below 0 for tokens that have expired, which the answer does not say. */
  readonly lifetimeSeconds: number;
}

export async function startTokenServer(options: TokenServerOptions): Promise<TokenServer> {
  const { clientId, clientSecret, subject, lifetimeSeconds } = options;
  const expected = `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`;
  let given = 0;
  const server = createServer((request, response) => {
    const isKnown = request.headers.authorization === expected;
    if (isKnown) given += 1;
    const answer = isKnown
      ? { access_token: unsigned(subject, lifetimeSeconds), token_type: 'Bearer', expires_in: Math.abs(lifetimeSeconds) }
      : { error: 'invalid_client' };
    response.writeHead(isKnown ? 200 : 401, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`,
    get given() {
      return given;
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** A JWT with the algorithm "none", which a broker without a validator of its own takes. */
function unsigned(subject: string, lifetimeSeconds: number): string {
  const nowSeconds = Math.floor(Date.now() / 1_000);
  const parts = [{ alg: 'none' }, { sub: subject, iat: nowSeconds, exp: nowSeconds + lifetimeSeconds }];
  return `${parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')}.`;
}
