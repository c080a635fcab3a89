/** Names that brokers give to users. */
import { X509Certificate } from 'node:crypto';

/**
 * The principal that a broker makes of a client certificate, unless it has rules of its own: the subject as RFC 2253
 * writes it, last part first.
 */
export function principalOfCertificate(pem: string): string {
  const { subject } = new X509Certificate(pem);
  return `User:${subject.split('\n').toReversed().join(',')}`;
}
