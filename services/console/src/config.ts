import { isIP } from 'node:net';
import { consoleActionNames, type ConsoleActionName } from '@astrolabe/operations/audited-actions';
import { z } from 'zod';
import { configSections, configValues, defineConfig, type ConfigOf } from '@astrolabe/service-kit';
import { isLoopbackHost } from '@astrolabe/service-kit/host-header';
import { isLoopbackUrl } from './core/http/loopback-url.ts';
import { parseRoleMapping } from './core/access/role-mapping.ts';
import { parseJsonPaths, type JsonPath } from './core/masking/json-path.ts';
import { parseMountPath } from './core/http/mount-path.ts';
import { pipelineVariables } from './pipeline-variables.ts';

export const loginModes = ['none', 'basic', 'oidc'] as const;

const withBasic = { env: 'CONSOLE_LOGIN', matches: /^basic$/, expected: 'basic' };
const withOidc = { env: 'CONSOLE_LOGIN', matches: /^oidc$/, expected: 'oidc' };

const basePath = z
  .string()
  .transform(parseMountPath)
  .pipe(z.string())
  .describe('a path such as /console, of letters, digits and ._~-');

const roleMapping = z
  .string()
  .transform(parseRoleMapping)
  .pipe(z.custom<NonNullable<ReturnType<typeof parseRoleMapping>>>((rules) => rules !== undefined))
  .describe('claim:value=role or *=role, several separated by commas, with roles viewer, reader, replayer or admin');

const maskPaths = z
  .string()
  .transform(parseJsonPaths)
  .pipe(z.custom<readonly JsonPath[]>((paths) => paths !== undefined))
  .describe('JSON paths such as $.traits.email or $..password, separated by commas');

const actions = z
  .string()
  .transform((text) => text.split(',').map((name) => name.trim()))
  .pipe(z.array(z.enum(consoleActionNames)))
  .transform((names): ReadonlySet<ConsoleActionName> => new Set(names))
  .describe(`some of ${consoleActionNames.join(', ')}, separated by commas`);

export const consoleConfig = defineConfig(
  {
    ...configSections.process,
    ...configSections.kafka,
    ...configSections.schemaRegistry,
    ...pipelineVariables,
    host: {
      env: 'CONSOLE_HOST',
      schema: configValues.text('a host name or an IP address'),
      default: '127.0.0.1',
      description:
        'Address that serves the console. With CONSOLE_LOGIN=none only an address of this machine itself, such as 127.0.0.1, is accepted.',
    },
    port: {
      env: 'CONSOLE_PORT',
      schema: configValues.port(),
      default: 3400,
      description: 'Port that serves the console. The address in use is logged at start.',
    },
    basePath: {
      env: 'CONSOLE_BASE_PATH',
      schema: basePath,
      default: '',
      description:
        'Path that everything of the console is under, if a proxy serves it below one. Without it, the root.',
    },
    publicUrl: {
      env: 'CONSOLE_PUBLIC_URL',
      schema: configValues.httpUrl().optional(),
      description:
        'Address in the address bar of browsers, without CONSOLE_BASE_PATH, where a proxy is in front: https://console.example.com. Cookies are sent over https only if it is https.',
    },
    allowedHosts: {
      env: 'CONSOLE_ALLOWED_HOSTS',
      schema: configValues.hostNames().optional(),
      description:
        'Additional host names that requests may use. IP addresses, localhost, CONSOLE_HOST and the host of CONSOLE_PUBLIC_URL always work; any other name is answered 421, so that a foreign page cannot reach the console under a name of its own.',
    },
    trustedProxies: {
      env: 'CONSOLE_TRUSTED_PROXIES',
      schema: configValues.integer({ min: 0, max: 10 }),
      default: 0,
      description:
        'Number of reverse proxies in front, whose X-Forwarded-For is trusted: audit records and the log-in limit go by the address that they give. Too high a number lets clients forge it.',
    },
    login: {
      env: 'CONSOLE_LOGIN',
      schema: configValues.oneOf(loginModes),
      default: 'none',
      description:
        'How people sign in: not at all, which is for loopback only; with a password of CONSOLE_USERS_FILE (basic); or at an OpenID provider (oidc).',
    },
    sessionSecret: {
      env: 'CONSOLE_SESSION_SECRET',
      schema: configValues.liveText('at least 32 characters', (text) => text.length >= 32).optional(),
      secret: true,
      orFile: true,
      onlyWith: { env: 'CONSOLE_LOGIN', matches: /^(basic|oidc)$/, expected: 'basic or oidc' },
      description:
        'Encrypts the session cookies of all instances, from a random source (openssl rand -base64 32); another one ends all sessions.',
    },
    sessionMinutes: {
      env: 'CONSOLE_SESSION_MINUTES',
      schema: configValues.integer({ min: 5, max: 10_080 }),
      default: 480,
      description:
        'How long a session lasts after the log-in, in minutes. For that long, somebody whom the OpenID provider no longer lets in can still use the console.',
    },
    usersFile: {
      env: 'CONSOLE_USERS_FILE',
      schema: configValues.text('the path of a file').optional(),
      neededWith: withBasic,
      onlyWith: withBasic,
      description:
        'File of users, with a line of "astrolabe console hash-password" for each. It is read again when it changes: a line that is removed or replaced ends the sessions of that user.',
    },
    oidcIssuer: {
      env: 'CONSOLE_OIDC_ISSUER',
      schema: configValues.httpUrl().optional(),
      neededWith: withOidc,
      onlyWith: withOidc,
      description:
        'The OpenID provider: an https URL, below which it has /.well-known/openid-configuration. http is accepted on loopback only.',
    },
    oidcClientId: {
      env: 'CONSOLE_OIDC_CLIENT_ID',
      schema: configValues.text().optional(),
      neededWith: withOidc,
      onlyWith: withOidc,
      description:
        'Client id of the console at the provider. Register CONSOLE_PUBLIC_URL, CONSOLE_BASE_PATH and /login/callback together as its redirect URI.',
    },
    oidcClientSecret: {
      env: 'CONSOLE_OIDC_CLIENT_SECRET',
      schema: configValues.liveText('text').optional(),
      secret: true,
      orFile: true,
      onlyWith: withOidc,
      description:
        'Client secret of the console at the provider; without it, the console is a public client with PKCE.',
    },
    oidcScopes: {
      env: 'CONSOLE_OIDC_SCOPES',
      schema: z
        .string()
        .regex(/^openid( [\x21\x23-\x5b\x5d-\x7e]+)*$/)
        .describe('openid and further scopes, separated by spaces'),
      default: 'openid profile email',
      description: 'Scopes to ask for: those that bring the claims of CONSOLE_ROLES, often groups.',
    },
    oidcNameClaim: {
      env: 'CONSOLE_OIDC_NAME_CLAIM',
      schema: configValues.text('the name of a claim'),
      default: 'preferred_username',
      description: 'Claim that audit records name people by. If it is absent, they have sub.',
    },
    roles: {
      env: 'CONSOLE_ROLES',
      schema: roleMapping,
      description: 'Who has which role; *=role is for everybody who is signed in. Nobody has a role by default.',
    },
    readOnly: {
      env: 'CONSOLE_READ_ONLY',
      schema: configValues.boolean(),
      default: false,
      description: 'Refuses every change, whatever the role.',
    },
    disabledActions: {
      env: 'CONSOLE_DISABLED_ACTIONS',
      schema: actions.optional(),
      description: 'Changes that the console refuses, whatever the role.',
    },
    maskPaths: {
      env: 'CONSOLE_MASK_PATHS',
      schema: maskPaths.optional(),
      description:
        'Values of payloads that the console hides from everybody, whatever the role. A payload that is not JSON is then hidden as a whole.',
    },
    ingestUrl: {
      env: 'CONSOLE_INGEST_URL',
      schema: configValues.httpUrl().optional(),
      description:
        'Public URL of ingest: shown to those who set a connector up in Segment, and where test events are sent. Without it there are none.',
    },
    testEventsUrl: {
      env: 'CONSOLE_TEST_EVENTS_URL',
      schema: configValues.httpUrl().optional(),
      description:
        'URL at which the console itself reaches ingest, to send test events, where CONSOLE_INGEST_URL cannot be reached from it, as in a container.',
    },
  },
  {
    prefix: 'CONSOLE_',
    rules: [
      {
        env: 'CONSOLE_SESSION_SECRET',
        check: ({ login, sessionSecret }) =>
          login === 'none' || sessionSecret !== undefined
            ? undefined
            : `a secret of at least 32 characters, in it or in the file that CONSOLE_SESSION_SECRET_FILE names, because CONSOLE_LOGIN=${login} keeps sessions`,
      },
      {
        env: 'CONSOLE_OIDC_ISSUER',
        check: ({ oidcIssuer }) =>
          oidcIssuer === undefined || oidcIssuer.startsWith('https:') || isLoopbackUrl(oidcIssuer)
            ? undefined
            : 'an https URL: over http, anybody on the way could sign in as anybody',
      },
      {
        env: 'CONSOLE_PUBLIC_URL',
        check: ({ login, host, publicUrl }) => {
          if (login === 'none') return undefined;
          if (publicUrl === undefined) {
            return login === 'basic' && isLoopback(host)
              ? undefined
              : `the address in the address bar of browsers, because CONSOLE_LOGIN=${login} needs to know it`;
          }
          return publicUrl.startsWith('https:') || isLoopbackUrl(publicUrl)
            ? undefined
            : 'an https URL, because passwords and sessions would go over the network in plain text: put TLS in front';
        },
      },
      {
        env: 'CONSOLE_HOST',
        check: ({ login, host }) =>
          login !== 'none' || isLoopback(host)
            ? undefined
            : 'a loopback address such as 127.0.0.1, because CONSOLE_LOGIN=none lets in everybody who reaches it',
      },
      {
        env: 'CONSOLE_PUBLIC_URL',
        check: ({ publicUrl }) =>
          publicUrl === undefined || new URL(publicUrl).href === `${new URL(publicUrl).origin}/`
            ? undefined
            : 'scheme, host and port only; the path is CONSOLE_BASE_PATH',
      },
    ],
  },
);

function isLoopback(host: string): boolean {
  return isLoopbackHost({ name: host.toLowerCase(), isAddress: isIP(host) !== 0 });
}

export type ConsoleConfig = ConfigOf<typeof consoleConfig>;
