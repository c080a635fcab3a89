/** How to reach the brokers and how to log in: the settings of every process that uses Kafka. */
import { configValues } from './config-values.ts';
import { defineVariables, type ConfigCondition } from './config.ts';
import { tlsVariables } from '../tls/tls-variables.ts';

const withPassword: ConfigCondition = {
  env: 'KAFKA_SASL_MECHANISM',
  matches: /^(?:plain|scram-sha-256|scram-sha-512)$/,
  expected: 'plain, scram-sha-256 or scram-sha-512',
};
const withToken: ConfigCondition = {
  env: 'KAFKA_SASL_MECHANISM',
  matches: /^oauthbearer$/,
  expected: 'oauthbearer',
};
const withAws: ConfigCondition = {
  env: 'KAFKA_SASL_MECHANISM',
  matches: /^aws-msk-iam$/,
  expected: 'aws-msk-iam',
};

const passwordVariables = defineVariables({
  kafkaSaslUsername: {
    env: 'KAFKA_SASL_USERNAME',
    schema: configValues.text().optional(),
    onlyWith: withPassword,
    neededWith: withPassword,
    description: 'User name for the brokers.',
  },
  kafkaSaslPassword: {
    env: 'KAFKA_SASL_PASSWORD',
    schema: configValues.liveText('text').optional(),
    secret: true,
    orFile: true,
    onlyWith: withPassword,
    neededWith: withPassword,
    description: 'Password for the brokers.',
  },
});

const tokenVariables = defineVariables({
  kafkaSaslOauthTokenUrl: {
    env: 'KAFKA_SASL_OAUTH_TOKEN_URL',
    schema: configValues.httpUrl().optional(),
    onlyWith: withToken,
    neededWith: withToken,
    description:
      'Token endpoint, which is asked for a token with the client credentials grant (OAuth 2.0, RFC 6749 section 4.4). With http, the client secret travels in clear text.',
  },
  kafkaSaslOauthClientId: {
    env: 'KAFKA_SASL_OAUTH_CLIENT_ID',
    schema: configValues.text().optional(),
    onlyWith: withToken,
    neededWith: withToken,
    description: 'Client id at the token endpoint.',
  },
  kafkaSaslOauthClientSecret: {
    env: 'KAFKA_SASL_OAUTH_CLIENT_SECRET',
    schema: configValues.liveText('text').optional(),
    secret: true,
    orFile: true,
    onlyWith: withToken,
    neededWith: withToken,
    description: 'Client secret at the token endpoint.',
  },
  kafkaSaslOauthScope: {
    env: 'KAFKA_SASL_OAUTH_SCOPE',
    schema: configValues.text().optional(),
    onlyWith: withToken,
    description: 'Scopes to ask for, separated by spaces.',
  },
  kafkaSaslOauthAudience: {
    env: 'KAFKA_SASL_OAUTH_AUDIENCE',
    schema: configValues.text().optional(),
    onlyWith: withToken,
    description: 'Audience to ask for, at endpoints that want one.',
  },
  kafkaSaslOauthExtensions: {
    env: 'KAFKA_SASL_OAUTH_EXTENSIONS',
    schema: configValues.pairs().optional(),
    onlyWith: withToken,
    description:
      'SASL extensions that the brokers get with the token, as logicalCluster=lkc-1,identityPoolId=pool-1 for Confluent Cloud.',
  },
  kafkaSaslOauthCa: {
    env: 'KAFKA_SASL_OAUTH_CA',
    schema: configValues.liveText('certificates in PEM').optional(),
    orFile: true,
    onlyWith: withToken,
    description: 'Authorities that sign the certificate of the token endpoint, in place of those that Node knows.',
  },
});

export const kafkaVariables = defineVariables({
  kafkaBrokers: {
    env: 'KAFKA_BROKERS',
    schema: configValues.hostPorts(),
    description:
      'Brokers to connect to first; an IPv6 address is in brackets, as [::1]:9092. Name two or more, so that one may be down.',
  },
  kafkaClientId: {
    env: 'KAFKA_CLIENT_ID',
    schema: configValues.text(),
    default: 'astrolabe',
    description: "Name of this client in the brokers' logs, metrics and quotas.",
  },
  kafkaTopicPrefix: {
    env: 'KAFKA_TOPIC_PREFIX',
    schema: configValues.topicPrefix(),
    default: '',
    description:
      'Prefix of every topic name, so that several pipelines can share a cluster. All services of a pipeline need the same prefix.',
  },
  kafkaSsl: {
    env: 'KAFKA_SSL',
    schema: configValues.boolean(),
    default: false,
    description:
      'Encrypt connections to the brokers with TLS. Without it, credentials and events travel in clear text.',
  },
  ...tlsVariables({
    peer: 'kafka',
    prefix: 'KAFKA',
    whom: 'the brokers',
    onlyWith: { env: 'KAFKA_SSL', matches: /^true$/, expected: 'true' },
  }),
  kafkaSaslMechanism: {
    env: 'KAFKA_SASL_MECHANISM',
    schema: configValues.oneOf(['plain', 'scram-sha-256', 'scram-sha-512', 'oauthbearer', 'aws-msk-iam']).optional(),
    description:
      'How to log in to the brokers: with KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD (plain, scram), with a token (oauthbearer: KAFKA_SASL_OAUTH_*), or with the AWS credentials of the environment (aws-msk-iam; needs the package aws-msk-iam-sasl-signer-js).',
  },
  ...passwordVariables,
  ...tokenVariables,
  kafkaSaslAwsRegion: {
    env: 'KAFKA_SASL_AWS_REGION',
    schema: configValues.text('the name of an AWS region').optional(),
    onlyWith: withAws,
    neededWith: withAws,
    description: 'Region of the MSK cluster.',
  },
});
