/** From settings to what `tls.connect` takes. */
import type { LiveText } from '../config/live-text.ts';
import type { TlsSection } from './tls-variables.ts';

/** How to trust a peer, and how to show who we are. */
export interface TlsMaterial {
  readonly ca?: LiveText | undefined;
  readonly cert?: LiveText | undefined;
  readonly key?: LiveText | undefined;
  readonly passphrase?: LiveText | undefined;
  readonly serverName?: string | undefined;
}

/** In the words of `tls.connect`, which undici and `https.Agent` take as well. */
export interface TlsOptions {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly passphrase?: string;
  readonly servername?: string;
}

export function tlsMaterialOf<Peer extends string>(config: TlsSection<Peer>, peer: Peer): TlsMaterial {
  const fields = config as unknown as Readonly<Record<string, unknown>>;
  return {
    ca: fields[`${peer}SslCa`] as LiveText | undefined,
    cert: fields[`${peer}SslCert`] as LiveText | undefined,
    key: fields[`${peer}SslKey`] as LiveText | undefined,
    passphrase: fields[`${peer}SslKeyPassphrase`] as LiveText | undefined,
    serverName: fields[`${peer}SslServerName`] as string | undefined,
  };
}

/**
 * As the files are now: to be called for each connection, so that a new certificate is used by the next one. Throws
 * `config.file-unreadable`.
 */
export function readTls({ ca, cert, key, passphrase, serverName }: TlsMaterial): TlsOptions {
  return {
    ...(ca && { ca: ca.read() }),
    ...(cert && { cert: cert.read() }),
    ...(key && { key: key.read() }),
    ...(passphrase && { passphrase: passphrase.read() }),
    ...(serverName !== undefined && { servername: serverName }),
  };
}
