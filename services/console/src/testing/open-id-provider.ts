/** A real OpenID provider on loopback, which signs in the account that the test says. */
import { generateKeyPairSync } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import Provider, { type OidcContext } from 'oidc-provider';

export interface TestProvider {
  readonly issuer: string;
  /** Who is signed in next: their claims; `sub` is their account. Undefined: they cancel. */
  signIn(claims: Readonly<Record<string, unknown>> | undefined): void;
}

export interface TestProviderOptions {
  readonly redirectUri: string;
  readonly clientId: string;
  /** Undefined: a public client. */
  readonly clientSecret?: string;
  readonly port?: number;
}

const SCOPES = 'openid profile email groups';

export async function startTestProvider(t: TestContext, options: TestProviderOptions): Promise<TestProvider> {
  let account: Readonly<Record<string, unknown>> | undefined;
  let answer: (request: IncomingMessage, response: ServerResponse) => void = () => undefined;
  const server = createServer((request, response) => answer(request, response));
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(
    issuer,
    configuration(options, () => account),
  );
  const serve = provider.callback();
  answer = (request, response) => {
    if (request.url?.startsWith('/interaction/') !== true) return serve(request, response);
    const result =
      account === undefined
        ? { error: 'access_denied', error_description: 'cancelled by <b>the person</b>' }
        : { login: { accountId: String(account['sub']) } };
    provider.interactionFinished(request, response, result).catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  };
  return { issuer, signIn: (claims) => (account = claims) };

  function configuration(
    { clientId, clientSecret, redirectUri }: TestProviderOptions,
    current: () => Readonly<Record<string, unknown>> | undefined,
  ): object {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
    return {
      clients: [
        {
          client_id: clientId,
          redirect_uris: [redirectUri],
          ...(clientSecret === undefined
            ? { token_endpoint_auth_method: 'none' }
            : { client_secret: clientSecret, token_endpoint_auth_method: 'client_secret_post' }),
        },
      ],
      jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig' }] },
      cookies: { keys: ['a key for tests'] },
      pkce: { required: () => true },
      scopes: SCOPES.split(' '),
      claims: {
        openid: ['sub'],
        profile: ['preferred_username', 'name'],
        email: ['email', 'email_verified'],
        groups: ['groups'],
      },
      features: { devInteractions: { enabled: false } },
      interactions: { url: (_context: unknown, { uid }: { readonly uid: string }) => `/interaction/${uid}` },
      findAccount: (_context: unknown, accountId: string) => ({
        accountId,
        claims: async () => ({ ...current(), sub: accountId }),
      }),
      // Everybody agrees to everything.
      loadExistingGrant: async ({ oidc }: OidcContext) => {
        const grant = new provider.Grant({ accountId: oidc.session.accountId, clientId: oidc.client.clientId });
        grant.addOIDCScope(SCOPES);
        await grant.save();
        return grant;
      },
    };
  }
}
