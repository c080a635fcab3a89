/** Certificates for tests, made in memory: an authority, and what it signs. */
import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

x509.cryptoProvider.set(webcrypto);

/** In PEM; the key is PKCS #8. */
export interface IssuedCertificate {
  readonly cert: string;
  readonly key: string;
}

export interface CertificateRequest {
  /** As RFC 2253 writes it: `CN=mapper`. */
  readonly subject: string;
  readonly hostNames?: readonly string[];
  readonly addresses?: readonly string[];
  /** Default: an hour ago. */
  readonly validFrom?: Date;
  /** Default: in a day. */
  readonly validUntil?: Date;
}

export interface CertificateAuthority {
  /** Of the authority itself, in PEM. */
  readonly cert: string;
  issue(request: CertificateRequest): Promise<IssuedCertificate>;
}

const HOUR_MS = 3_600_000;
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

const newKeys = (): Promise<webcrypto.CryptoKeyPair> =>
  webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
/** Positive, as RFC 5280 wants it. */
const newSerialNumber = (): string => `01${randomBytes(8).toString('hex')}`;

export async function createAuthority(subject: string): Promise<CertificateAuthority> {
  const keys = await newKeys();
  const nowMs = Date.now();
  const authority = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerialNumber(),
    name: subject,
    notBefore: new Date(nowMs - 48 * HOUR_MS),
    notAfter: new Date(nowMs + 48 * HOUR_MS),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  });
  return {
    cert: authority.toString('pem'),
    issue: async (request) => {
      const own = await newKeys();
      const { hostNames = [], addresses = [] } = request;
      const names: x509.JsonGeneralNames = [
        ...hostNames.map((value) => ({ type: 'dns', value }) as const),
        ...addresses.map((value) => ({ type: 'ip', value }) as const),
      ];
      const certificate = await x509.X509CertificateGenerator.create({
        serialNumber: newSerialNumber(),
        subject: request.subject,
        issuer: authority.subject,
        notBefore: request.validFrom ?? new Date(nowMs - HOUR_MS),
        notAfter: request.validUntil ?? new Date(nowMs + 24 * HOUR_MS),
        signingAlgorithm: ALGORITHM,
        publicKey: own.publicKey,
        signingKey: keys.privateKey,
        extensions: [
          new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
          ...(names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)]),
        ],
      });
      const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', own.privateKey));
      return { cert: certificate.toString('pem'), key: x509.PemConverter.encode(key, 'PRIVATE KEY') };
    },
  };
}
