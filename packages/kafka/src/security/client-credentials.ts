/** A token by OAuth's client credentials grant (RFC 6749 section 4.4). */
import type { LiveText } from '@astrolabe/service-kit';
import { PipelineError, errorMessage } from '@astrolabe/service-kit/errors';
import { createFetch, describeTlsFault } from '@astrolabe/service-kit/tls';
import * as oauth from 'oauth4webapi';
import { expiryOf, type BearerToken, type FetchToken } from './token-source.ts';

export interface ClientCredentials {
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: LiveText;
  readonly scope?: string | undefined;
  readonly audience?: string | undefined;
  /** Authorities of the endpoint's certificate. Default: those that Node knows. */
  readonly ca?: LiveText | undefined;
}

const ANSWER_TIMEOUT_MS = 10_000;
const ENDPOINT = { whom: 'the token endpoint', variables: 'KAFKA_SASL_OAUTH', hasAuthoritiesOnly: true };

/** The secret and the authorities are read for each token. */
export function fetchByClientCredentials(credentials: ClientCredentials, nowMs: () => number): FetchToken {
  const { tokenUrl, clientId, scope, audience } = credentials;
  return async () => {
    const server = { issuer: tokenUrl, token_endpoint: tokenUrl };
    const client = { client_id: clientId };
    const parameters = { ...(scope !== undefined && { scope }), ...(audience !== undefined && { audience }) };
    const secret = oauth.ClientSecretBasic(credentials.clientSecret.read());
    const askedAtMs = nowMs();
    try {
      const answer = await oauth.clientCredentialsGrantRequest(server, client, secret, parameters, {
        signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
        // Marked as deprecated to stand out. The description of the variable says what http means.
        // eslint-disable-next-line @typescript-eslint/no-deprecated
        [oauth.allowInsecureRequests]: tokenUrl.startsWith('http:'),
        [oauth.customFetch]: createFetch({ ca: credentials.ca }),
      });
      return toToken(await oauth.processClientCredentialsResponse(server, client, answer), askedAtMs, tokenUrl);
    } catch (error) {
      throw error instanceof PipelineError ? error : unavailable(tokenUrl, reasonOf(error), error);
    }
  };
}

function toToken(
  { access_token: value, expires_in: seconds }: oauth.TokenEndpointResponse,
  askedAtMs: number,
  tokenUrl: string,
): BearerToken {
  const expiresAtMs = seconds === undefined ? expiryOf(value) : askedAtMs + seconds * 1_000;
  if (expiresAtMs === undefined) throw unavailable(tokenUrl, 'the answer does not say how long the token is good');
  return { value, expiresAtMs };
}

/** Error codes of the specification only: the rest of the answer comes from who has just been sent the secret. */
const ERROR_CODE = /^[a-z_]{1,40}$/;

function reasonOf(error: unknown): string {
  if (error instanceof oauth.ResponseBodyError) {
    return `status ${error.status}${ERROR_CODE.test(error.error) ? `, ${error.error}` : ''}`;
  }
  if (error instanceof oauth.WWWAuthenticateChallengeError) return `status ${error.status}`;
  if (error instanceof oauth.OperationProcessingError) return `${error.message} (is this a token endpoint?)`;
  const { cause } = error as { cause?: unknown };
  const deepest = cause instanceof Error ? cause : error;
  const { code } = deepest as { code?: string };
  const tls = describeTlsFault(code, ENDPOINT);
  return tls ?? errorMessage(deepest);
}

function unavailable(tokenUrl: string, reason: string, cause?: unknown): PipelineError {
  const message = `the token endpoint ${tokenUrl} gave no token for the brokers: ${reason}; check KAFKA_SASL_OAUTH_*`;
  return new PipelineError('kafka.token-unavailable', message, { retryable: true, cause });
}
