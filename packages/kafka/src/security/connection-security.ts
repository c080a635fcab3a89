/** What a configuration says of TLS and login. */
import type { LiveText } from '@astrolabe/service-kit';
import { present } from '@astrolabe/service-kit/errors';
import { tlsMaterialOf, type TlsMaterial, type TlsSection } from '@astrolabe/service-kit/tls';
import type { LoginOptions, PasswordMechanism } from './login.ts';

export interface KafkaSecuritySection extends TlsSection<'kafka'> {
  readonly kafkaSsl: boolean;
  readonly kafkaSaslMechanism: PasswordMechanism | 'oauthbearer' | 'aws-msk-iam' | undefined;
  readonly kafkaSaslUsername: string | undefined;
  readonly kafkaSaslPassword: LiveText | undefined;
  readonly kafkaSaslOauthTokenUrl: string | undefined;
  readonly kafkaSaslOauthClientId: string | undefined;
  readonly kafkaSaslOauthClientSecret: LiveText | undefined;
  readonly kafkaSaslOauthScope: string | undefined;
  readonly kafkaSaslOauthAudience: string | undefined;
  readonly kafkaSaslOauthExtensions: Readonly<Record<string, string>> | undefined;
  readonly kafkaSaslOauthCa: LiveText | undefined;
  readonly kafkaSaslAwsRegion: string | undefined;
}

/** Undefined where connections are in plain text. */
export function kafkaTlsOf(
  config: Pick<KafkaSecuritySection, 'kafkaSsl'> & TlsSection<'kafka'>,
): TlsMaterial | undefined {
  return config.kafkaSsl ? tlsMaterialOf(config, 'kafka') : undefined;
}

/** Undefined where nobody logs in. `readConfig` has seen to it that all is there that the mechanism needs. */
export function loginOf(config: KafkaSecuritySection): LoginOptions | undefined {
  const { kafkaSaslMechanism: mechanism } = config;
  if (mechanism === undefined) return undefined;
  if (mechanism === 'aws-msk-iam') {
    return { kind: 'aws-msk-iam', region: present(config.kafkaSaslAwsRegion, 'KAFKA_SASL_AWS_REGION') };
  }
  if (mechanism === 'oauthbearer') {
    return {
      kind: 'client-credentials',
      tokenUrl: present(config.kafkaSaslOauthTokenUrl, 'KAFKA_SASL_OAUTH_TOKEN_URL'),
      clientId: present(config.kafkaSaslOauthClientId, 'KAFKA_SASL_OAUTH_CLIENT_ID'),
      clientSecret: present(config.kafkaSaslOauthClientSecret, 'KAFKA_SASL_OAUTH_CLIENT_SECRET'),
      scope: config.kafkaSaslOauthScope,
      audience: config.kafkaSaslOauthAudience,
      extensions: config.kafkaSaslOauthExtensions,
      ca: config.kafkaSaslOauthCa,
    };
  }
  return {
    kind: 'password',
    mechanism,
    username: present(config.kafkaSaslUsername, 'KAFKA_SASL_USERNAME'),
    password: present(config.kafkaSaslPassword, 'KAFKA_SASL_PASSWORD'),
  };
}
