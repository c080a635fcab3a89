/** How a client logs in to the brokers, and what a refusal comes to. */
import { createRequire } from 'node:module';
import type { LiveText, Logger } from '@astrolabe/service-kit';
import { systemClock } from '@astrolabe/service-kit/clock';
import { PipelineError, isPipelineError } from '@astrolabe/service-kit/errors';
import type { SASLOptions } from '../kafkajs/index.ts';
import type { AuthenticationProvider, SaslAuthenticate } from './authentication-provider.ts';
import { fetchByClientCredentials, type ClientCredentials } from './client-credentials.ts';
import { fetchByMskIam } from './msk-iam.ts';
import { authenticateByToken } from './oauthbearer.ts';
import { TokenSource, subjectOf } from './token-source.ts';

const require = createRequire(import.meta.url);

export type PasswordMechanism = 'plain' | 'scram-sha-256' | 'scram-sha-512';

export type LoginOptions =
  | {
      readonly kind: 'password';
      readonly mechanism: PasswordMechanism;
      readonly username: string;
      readonly password: LiveText;
    }
  | ({
      readonly kind: 'client-credentials';
      readonly extensions?: Readonly<Record<string, string>> | undefined;
    } & ClientCredentials)
  | { readonly kind: 'aws-msk-iam'; readonly region: string };

export interface Login {
  /** For kafkajs, which calls it for each connection, and again before a session ends. */
  readonly sasl: SASLOptions;
  /** As the brokers name this user, as far as it can be told from here. */
  principal(): string;
}

/** kafkajs's own. */
type BuiltIn = (sasl: { readonly username: string; readonly password: string }) => AuthenticationProvider;

const modules: Readonly<Record<PasswordMechanism, string>> = {
  plain: 'plain',
  'scram-sha-256': 'scram256',
  'scram-sha-512': 'scram512',
};

/** Secrets are read at each login, so that one that was replaced is used by the next. */
export function createLogin(options: LoginOptions, logger: Logger): Login {
  if (options.kind === 'password') {
    const { mechanism, username, password } = options;
    const principal = `User:${username}`;
    const builtIn = require(`kafkajs/src/broker/saslAuthenticator/${modules[mechanism]}`) as BuiltIn;
    const provider: AuthenticationProvider = (args) => ({
      authenticate: () => builtIn({ username, password: password.read() })(args).authenticate(),
    });
    const check = 'KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD';
    return {
      sasl: saslOf(
        mechanism,
        tellRefusal(provider, () => principal, check),
      ),
      principal: () => principal,
    };
  }
  const isAws = options.kind === 'aws-msk-iam';
  const tokens = new TokenSource(
    isAws ? fetchByMskIam(options.region) : fetchByClientCredentials(options, systemClock.nowMs),
    systemClock,
    logger,
  );
  let principal = isAws ? 'the IAM identity of this process' : `the principal of client ${options.clientId}`;
  const provider = authenticateByToken(
    async () => {
      const { value } = await tokens.token();
      const subject = subjectOf(value);
      if (!isAws && subject !== undefined) principal = `User:${subject}`;
      return value;
    },
    isAws ? undefined : options.extensions,
  );
  const check = isAws
    ? "the policy of the identity, and the brokers' IAM authentication"
    : "KAFKA_SASL_OAUTH_* and the brokers' settings for tokens (audience, issuer)";
  return {
    sasl: saslOf(
      'oauthbearer',
      tellRefusal(provider, () => principal, check),
    ),
    principal: () => principal,
  };
}

function saslOf(mechanism: string, authenticationProvider: AuthenticationProvider): SASLOptions {
  return { mechanism, authenticationProvider } as unknown as SASLOptions;
}

/**
 * kafkajs makes one final error of everything that goes wrong in a login, a connection that breaks included. Here that
 * stays what it is, and is tried again; what the brokers refuse is `kafka.unauthenticated`.
 */
function tellRefusal(provider: AuthenticationProvider, principal: () => string, check: string): AuthenticationProvider {
  return (args) => {
    let broken: Error | undefined;
    const saslAuthenticate: SaslAuthenticate = async (exchange) => {
      try {
        return await args.saslAuthenticate(exchange);
      } catch (error) {
        if ((error as { type?: string }).type !== 'SASL_AUTHENTICATION_FAILED') broken = error as Error;
        throw error;
      }
    };
    return {
      authenticate: async () => {
        try {
          await provider({ ...args, saslAuthenticate }).authenticate();
        } catch (error) {
          if (broken !== undefined) throw broken;
          if (isPipelineError(error)) throw error;
          const message = `the brokers refuse the login of ${principal()} (${args.host}:${args.port}); check ${check}`;
          // Not what the broker says: it has just been sent the secret, and may repeat it.
          throw new PipelineError('kafka.unauthenticated', message, { retryable: true });
        }
      },
    };
  };
}
