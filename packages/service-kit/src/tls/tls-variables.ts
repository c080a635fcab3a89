/** The settings of a TLS connection: the same five for each peer, under a prefix of its own. */
import { X509Certificate, createPrivateKey } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { configValues } from '../config/config-values.ts';
import type { ConfigCondition, ConfigVariables } from '../config/config.ts';
import type { LiveText } from '../config/live-text.ts';
import { errorMessage } from '../errors/errors.ts';

/** Fields of a configuration by the name of the peer: `kafkaSslCa`, `kafkaSslCert`... */
export type TlsSection<Peer extends string> = Readonly<
  Record<`${Peer}Ssl${'Ca' | 'Cert' | 'Key' | 'KeyPassphrase'}`, LiveText | undefined> &
    Record<`${Peer}SslServerName`, string | undefined>
>;

export interface TlsVariablesOptions<Peer extends string> {
  readonly peer: Peer;
  /** Start of the variables' names: `KAFKA` gives `KAFKA_SSL_CA`. */
  readonly prefix: string;
  /** For people, with its article: `the brokers`. */
  readonly whom: string;
  /** Without it the connection is not encrypted. */
  readonly onlyWith: ConfigCondition;
}

export function tlsVariables<Peer extends string>(
  options: TlsVariablesOptions<Peer>,
): ConfigVariables<TlsSection<Peer>> {
  const { peer, prefix, whom, onlyWith } = options;
  const cert = `${prefix}_SSL_CERT`;
  const key = `${prefix}_SSL_KEY`;
  const passphrase = `${prefix}_SSL_KEY_PASSPHRASE`;
  const shared = { orFile: true, onlyWith } as const;
  return {
    [`${peer}SslCa`]: {
      ...shared,
      env: `${prefix}_SSL_CA`,
      schema: configValues.liveText('certificates in PEM', hasCertificates).optional(),
      description: `Authorities that sign the certificates of ${whom}, in place of those that Node knows.`,
    },
    [`${peer}SslCert`]: {
      ...shared,
      env: cert,
      schema: configValues.liveText('certificates in PEM', hasCertificates).optional(),
      togetherWith: [key],
      description: `Certificate by which this process identifies itself to ${whom} (mTLS), and the chain that it needs.`,
    },
    [`${peer}SslKey`]: {
      ...shared,
      env: key,
      schema: configValues.liveText('a private key in PEM', hasPrivateKey).optional(),
      secret: true,
      togetherWith: [cert],
      rule: (valueOf: (env: string) => unknown) =>
        whyUnfit(valueOf(cert), valueOf(key), valueOf(passphrase), { cert, passphrase }),
      description: `Private key of ${cert}.`,
    },
    [`${peer}SslKeyPassphrase`]: {
      ...shared,
      env: passphrase,
      schema: configValues.liveText('text').optional(),
      secret: true,
      togetherWith: [key],
      description: `Passphrase of ${key}, if it is encrypted.`,
    },
    [`${peer}SslServerName`]: {
      env: `${prefix}_SSL_SERVER_NAME`,
      schema: configValues.text('a host name').optional(),
      onlyWith,
      description: `Name that the certificate of ${whom} must have, where that is not the host that is connected to, as behind a proxy.`,
    },
  } as unknown as ConfigVariables<TlsSection<Peer>>;
}

function hasCertificates(text: string): boolean {
  const found = text.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
  try {
    return found.length > 0 && found.every((pem) => new X509Certificate(pem).raw.length > 0);
  } catch {
    return false;
  }
}

/** An encrypted one is opened where its passphrase is known. */
function hasPrivateKey(text: string): boolean {
  return /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----[\s\S]+-----END (?:[A-Z0-9]+ )*PRIVATE KEY-----/.test(text);
}

function whyUnfit(
  cert: unknown,
  key: unknown,
  passphrase: unknown,
  names: { readonly cert: string; readonly passphrase: string },
): string | undefined {
  const [certPem, keyPem, phrase] = [cert, key, passphrase].map((text) => (text as LiveText | undefined)?.read());
  if (certPem === undefined || keyPem === undefined) return undefined;
  const secret = phrase === undefined ? {} : { passphrase: phrase };
  try {
    createPrivateKey({ key: keyPem, ...secret });
  } catch {
    return `a private key that Node can open${phrase === undefined ? `, or ${names.passphrase} beside it` : ` with ${names.passphrase}`}`;
  }
  try {
    createSecureContext({ cert: certPem, key: keyPem, ...secret });
    return undefined;
  } catch (error) {
    return `the private key of ${names.cert} (${errorMessage(error)})`;
  }
}
