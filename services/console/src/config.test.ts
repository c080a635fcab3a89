import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig } from '@astrolabe/service-kit';
import { isPipelineError } from '@astrolabe/service-kit/errors';
import { consoleConfig } from './config.ts';

const SECRET = 'a secret of the console for its sessions';
const required = {
  KAFKA_BROKERS: '127.0.0.1:9092',
  SCHEMA_REGISTRY_URL: 'http://127.0.0.1:8081',
  CONSOLE_ROLES: '*=admin',
};
const basic = { CONSOLE_LOGIN: 'basic', CONSOLE_USERS_FILE: 'users', CONSOLE_SESSION_SECRET: SECRET };
const oidc = {
  CONSOLE_LOGIN: 'oidc',
  CONSOLE_SESSION_SECRET: SECRET,
  CONSOLE_PUBLIC_URL: 'https://console.example',
  CONSOLE_OIDC_ISSUER: 'https://login.example/realm',
  CONSOLE_OIDC_CLIENT_ID: 'console',
};

for (const [title, env] of [
  ['nothing but the mapping of roles, on loopback', {}],
  ['no log-in on another loopback address', { CONSOLE_HOST: 'localhost' }],
  ['passwords on loopback', basic],
  [
    'passwords on the network behind TLS',
    { ...basic, CONSOLE_HOST: '0.0.0.0', CONSOLE_PUBLIC_URL: 'https://c.example' },
  ],
  [
    'passwords in a container that is published on loopback',
    { ...basic, CONSOLE_HOST: '0.0.0.0', CONSOLE_PUBLIC_URL: 'http://localhost:3400' },
  ],
  ['a provider', oidc],
  [
    'a provider on loopback',
    { ...oidc, CONSOLE_OIDC_ISSUER: 'http://127.0.0.1:8080', CONSOLE_PUBLIC_URL: 'http://127.0.0.1:3400' },
  ],
  ['a base path', { CONSOLE_BASE_PATH: '/ops/console/' }],
] as const) {
  test(`the configuration takes ${title}`, () => {
    const config = readConfig(consoleConfig, { ...required, ...env });
    if ('CONSOLE_BASE_PATH' in env) assert.equal(config.basePath, '/ops/console');
  });
}

for (const [title, env, variable] of [
  ['nobody to have a role', { CONSOLE_ROLES: '' }, 'CONSOLE_ROLES'],
  ['a role that does not exist', { CONSOLE_ROLES: '*=root' }, 'CONSOLE_ROLES'],
  ['no log-in for the whole network', { CONSOLE_HOST: '0.0.0.0' }, 'CONSOLE_HOST'],
  ['no log-in on an address of the network', { CONSOLE_HOST: '10.0.0.7' }, 'CONSOLE_HOST'],
  ['no log-in behind a name', { CONSOLE_HOST: 'console' }, 'CONSOLE_HOST'],
  ['passwords without a file of users', { ...basic, CONSOLE_USERS_FILE: '' }, 'CONSOLE_USERS_FILE'],
  ['sessions without a secret', { ...basic, CONSOLE_SESSION_SECRET: '' }, 'CONSOLE_SESSION_SECRET'],
  ['a short secret', { ...basic, CONSOLE_SESSION_SECRET: 'short' }, 'CONSOLE_SESSION_SECRET'],
  [
    'passwords over the network in plain text',
    { ...basic, CONSOLE_HOST: '0.0.0.0', CONSOLE_PUBLIC_URL: 'http://c.example' },
    'CONSOLE_PUBLIC_URL',
  ],
  ['passwords on the network at an unknown address', { ...basic, CONSOLE_HOST: '0.0.0.0' }, 'CONSOLE_PUBLIC_URL'],
  ['a provider over plain http', { ...oidc, CONSOLE_OIDC_ISSUER: 'http://login.example' }, 'CONSOLE_OIDC_ISSUER'],
  ['a provider that cannot lead back', { ...oidc, CONSOLE_PUBLIC_URL: '' }, 'CONSOLE_PUBLIC_URL'],
  ['a provider without a client', { ...oidc, CONSOLE_OIDC_CLIENT_ID: '' }, 'CONSOLE_OIDC_CLIENT_ID'],
  ['a users file with a provider', { ...oidc, CONSOLE_USERS_FILE: 'users' }, 'CONSOLE_USERS_FILE'],
  ['scopes without openid', { ...oidc, CONSOLE_OIDC_SCOPES: 'profile' }, 'CONSOLE_OIDC_SCOPES'],
  ['a public address with a path', { CONSOLE_PUBLIC_URL: 'https://c.example/console' }, 'CONSOLE_PUBLIC_URL'],
  ['a base path that is an address', { CONSOLE_BASE_PATH: '//evil.example' }, 'CONSOLE_BASE_PATH'],
  ['an action that does not exist', { CONSOLE_DISABLED_ACTIONS: 'redrive,explode' }, 'CONSOLE_DISABLED_ACTIONS'],
  ['a path of masked values that is not one', { CONSOLE_MASK_PATHS: 'traits.email' }, 'CONSOLE_MASK_PATHS'],
] as const) {
  test(`the configuration refuses ${title}, and names ${variable}`, () => {
    assert.throws(
      () => readConfig(consoleConfig, { ...required, ...env }),
      (error: unknown) => {
        assert.ok(isPipelineError(error, 'config.invalid'));
        assert.ok(error.message.includes(variable), error.message);
        assert.ok(!error.message.includes(SECRET));
        return true;
      },
    );
  });
}
