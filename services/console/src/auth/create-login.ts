/** The log-in that the configuration asks for. */
import type { Logger } from '@astrolabe/service-kit';
import type { Clock } from '@astrolabe/service-kit/clock';
import { present } from '@astrolabe/service-kit/errors';
import type { ConsoleConfig } from '../config.ts';
import type { LoginResult } from '../console-metrics.ts';
import { createBasicLogin } from './basic-login.ts';
import type { Login } from './login.ts';
import { createNoLogin } from './no-login.ts';
import { PENDING_LOGIN_SECONDS, createOidcLogin, pendingLoginSchema } from './oidc-login.ts';
import { OidcProvider } from './oidc-provider.ts';
import { SealedCookie, sessionContentSchema, type SessionCookie } from './session-cookies.ts';
import { UsersFile } from './users-file.ts';

export interface LoginDependencies {
  readonly config: Pick<
    ConsoleConfig,
    | 'login'
    | 'roles'
    | 'basePath'
    | 'publicUrl'
    | 'sessionSecret'
    | 'sessionMinutes'
    | 'usersFile'
    | 'oidcIssuer'
    | 'oidcClientId'
    | 'oidcClientSecret'
    | 'oidcScopes'
    | 'oidcNameClaim'
  >;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onAttempt: (result: LoginResult) => void;
}

/** Rejects with `console.users-invalid`. A provider that is down does not keep the console from starting. */
export async function createLogin(dependencies: LoginDependencies): Promise<Login> {
  const { config, clock, logger, onAttempt } = dependencies;
  switch (config.login) {
    case 'none':
      return createNoLogin(config.roles);
    case 'basic': {
      const users = await UsersFile.open(present(config.usersFile, 'CONSOLE_USERS_FILE'), logger);
      return createBasicLogin({ users, rules: config.roles, session: sessionCookie(config), clock, onAttempt });
    }
    case 'oidc':
      return createOidc(dependencies);
  }
}

function createOidc({ config, clock, logger, onAttempt }: LoginDependencies): Login {
  const { basePath, publicUrl, oidcNameClaim: nameClaim, roles: rules } = config;
  const provider = new OidcProvider(
    {
      issuer: present(config.oidcIssuer, 'CONSOLE_OIDC_ISSUER'),
      clientId: present(config.oidcClientId, 'CONSOLE_OIDC_CLIENT_ID'),
      clientSecret: config.oidcClientSecret,
      scopes: config.oidcScopes,
      redirectUri: `${present(publicUrl, 'CONSOLE_PUBLIC_URL')}${basePath}/login/callback`,
    },
    clock.monotonicMs,
  );
  const pending = new SealedCookie(
    {
      purpose: 'login',
      secret: present(config.sessionSecret, 'CONSOLE_SESSION_SECRET'),
      publicUrl,
      basePath,
      // The provider's page leads back here: with Strict, the browser would not send it.
      sameSite: 'Lax',
      lifetimeSeconds: PENDING_LOGIN_SECONDS,
    },
    pendingLoginSchema,
  );
  const session = sessionCookie(config);
  return createOidcLogin({ provider, rules, nameClaim, session, pending, basePath, clock, logger, onAttempt });
}

function sessionCookie({
  sessionSecret,
  sessionMinutes,
  publicUrl,
  basePath,
}: LoginDependencies['config']): SessionCookie {
  return new SealedCookie(
    {
      purpose: 'session',
      secret: present(sessionSecret, 'CONSOLE_SESSION_SECRET'),
      publicUrl,
      basePath,
      sameSite: 'Strict',
      lifetimeSeconds: sessionMinutes * 60,
    },
    sessionContentSchema,
  );
}
