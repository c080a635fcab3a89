/** The OpenID provider, by its own description of itself. */
import * as oidc from 'openid-client';
import type { LiveText } from '@astrolabe/service-kit';
import type { Claims } from '../core/access/role-mapping.ts';
import { isLoopbackUrl } from '../core/http/loopback-url.ts';

export interface OidcClient {
  readonly issuer: string;
  readonly clientId: string;
  /** Undefined: a public client, which PKCE protects. */
  readonly clientSecret: LiveText | undefined;
  readonly scopes: string;
  /** Where the provider sends people back to. */
  readonly redirectUri: string;
}

export interface LoginState {
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
}

/**
 * For a provider on loopback, as in tests: what goes there does not leave this machine. The function itself, which
 * openid-client looks for.
 */
// eslint-disable-next-line @typescript-eslint/no-deprecated -- marked so that nobody uses it unawares
const allowHttp: (configuration: oidc.Configuration) => void = oidc.allowInsecureRequests;

const TIMEOUT_SECONDS = 10;
/** Its keys and addresses change rarely, and not without notice. */
const DESCRIPTION_VALID_MS = 3_600_000;

export class OidcProvider {
  readonly #client: OidcClient;
  readonly #monotonicMs: () => number;
  #described: { readonly metadata: Promise<oidc.ServerMetadata>; readonly untilMs: number } | undefined;

  constructor(client: OidcClient, monotonicMs: () => number) {
    this.#client = client;
    this.#monotonicMs = monotonicMs;
  }

  /** Where to send the browser, and what to remember until it comes back. Rejects if the provider cannot be reached. */
  async begin(): Promise<{ readonly location: string; readonly remembered: LoginState }> {
    const configuration = await this.#configuration();
    const remembered = {
      state: oidc.randomState(),
      nonce: oidc.randomNonce(),
      codeVerifier: oidc.randomPKCECodeVerifier(),
    };
    const url = oidc.buildAuthorizationUrl(configuration, {
      redirect_uri: this.#client.redirectUri,
      scope: this.#client.scopes,
      state: remembered.state,
      nonce: remembered.nonce,
      code_challenge: await oidc.calculatePKCECodeChallenge(remembered.codeVerifier),
      code_challenge_method: 'S256',
    });
    return { location: url.href, remembered };
  }

  /**
   * What the provider says of the one whom it sent back, with `query` of the address that it sent them to: the claims
   * of the ID token, and those of its user info endpoint, where many providers put groups. Rejects with what
   * openid-client throws.
   */
  async finish(query: string, { state, nonce, codeVerifier }: LoginState): Promise<Claims> {
    const configuration = await this.#configuration();
    const tokens = await oidc.authorizationCodeGrant(configuration, new URL(`${this.#client.redirectUri}${query}`), {
      expectedState: state,
      expectedNonce: nonce,
      pkceCodeVerifier: codeVerifier,
      idTokenExpected: true,
    });
    const claims = tokens.claims();
    if (claims === undefined) throw new Error('the provider gave no ID token');
    if (configuration.serverMetadata().userinfo_endpoint === undefined) return claims;
    return { ...(await oidc.fetchUserInfo(configuration, tokens.access_token, claims.sub)), ...claims };
  }

  /** Described again after an hour; a failed attempt is not remembered. The secret is read each time. */
  async #configuration(): Promise<oidc.Configuration> {
    const { issuer, clientId, clientSecret } = this.#client;
    const metadata = await this.#metadata();
    const configuration = new oidc.Configuration(
      metadata,
      clientId,
      undefined,
      clientSecret === undefined ? oidc.None() : authentication(metadata, clientSecret.read()),
    );
    configuration.timeout = TIMEOUT_SECONDS;
    if (isLoopbackUrl(issuer)) allowHttp(configuration);
    return configuration;
  }

  /** However many ask at one time, the provider is asked once. */
  #metadata(): Promise<oidc.ServerMetadata> {
    if (this.#described !== undefined && this.#described.untilMs > this.#monotonicMs()) return this.#described.metadata;
    const { issuer, clientId } = this.#client;
    const metadata = oidc
      .discovery(new URL(issuer), clientId, undefined, oidc.None(), {
        execute: isLoopbackUrl(issuer) ? [allowHttp] : [],
        timeout: TIMEOUT_SECONDS,
      })
      .then((configuration) => configuration.serverMetadata());
    const described = { metadata, untilMs: this.#monotonicMs() + DESCRIPTION_VALID_MS };
    this.#described = described;
    metadata.catch(() => {
      if (this.#described === described) this.#described = undefined;
    });
    return metadata;
  }
}

/** In the body, unless the provider takes the secret in the header only, which is the default of OpenID Connect. */
function authentication(metadata: oidc.ServerMetadata, secret: string): oidc.ClientAuth {
  const supported = metadata.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
  return supported.includes('client_secret_post') ? oidc.ClientSecretPost(secret) : oidc.ClientSecretBasic(secret);
}
