import { isIP } from 'node:net';
import { z } from 'zod';
import { configSections, configValues, defineConfig, type ConfigOf } from '@astrolabe/service-kit';
import { isLoopbackHost } from '@astrolabe/service-kit/host-header';
import { parseRoleMapping } from './core/access/role-mapping.ts';
import { parseMountPath } from './core/http/mount-path.ts';
import { actionNames, type ActionName } from './routes/route.ts';

export const loginModes = ['none', 'basic', 'oidc'] as const;

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

const actions = z
  .string()
  .transform((text) => text.split(',').map((name) => name.trim()))
  .pipe(z.array(z.enum(actionNames)))
  .transform((names): ReadonlySet<ActionName> => new Set(names))
  .describe(`some of ${actionNames.join(', ')}, separated by commas`);

export const consoleConfig = defineConfig(
  {
    ...configSections.process,
    ...configSections.kafka,
    ...configSections.schemaRegistry,
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
        'How people sign in. none: everybody who reaches CONSOLE_HOST is signed in, so it has to be loopback.',
    },
    roles: {
      env: 'CONSOLE_ROLES',
      schema: roleMapping,
      description:
        'Who has which role; *=role is for everybody who is signed in. Nobody has a role by default.',
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
  },
  {
    prefix: 'CONSOLE_',
    rules: [
      {
        env: 'CONSOLE_HOST',
        check: ({ login, host }) =>
          login !== 'none' || isLoopbackHost({ name: host.toLowerCase(), isAddress: isIP(host) !== 0 })
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

export type ConsoleConfig = ConfigOf<typeof consoleConfig>;
