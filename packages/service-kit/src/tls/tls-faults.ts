/**
 * What a failed TLS handshake means and what to do, by the error code of Node and OpenSSL
 * (https://nodejs.org/api/tls.html#x509-certificate-error-codes).
 */

const UNKNOWN_AUTHORITY = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
]);

/** The other side's alerts about our certificate. */
const OURS_REFUSED =
  /^ERR_SSL_(?:SSL\/TLS|TLSV1|TLSV13|SSLV3)_ALERT_(?:\w*CERTIFICATE\w*|UNKNOWN_CA|DECRYPT_ERROR|ACCESS_DENIED)$/;

export interface TlsPeer {
  /** For people, with its article: `the broker`. */
  readonly whom: string;
  /** Start of the settings' names: `KAFKA_SSL`. */
  readonly variables: string;
  /** Only its authorities can be configured. Default false. */
  readonly hasAuthoritiesOnly?: boolean;
}

/** Undefined for a code that is not about certificates. Repeats nothing that the other side wrote. */
export function describeTlsFault(
  code: string | undefined,
  { whom, variables, hasAuthoritiesOnly = false }: TlsPeer,
): string | undefined {
  if (code === undefined) return undefined;
  if (UNKNOWN_AUTHORITY.has(code)) {
    return `the certificate of ${whom} is signed by no authority that is trusted (${code}); name theirs with ${variables}_CA_FILE`;
  }
  if (code === 'CERT_HAS_EXPIRED') return `the certificate of ${whom} has expired (${code}); they need a new one`;
  if (code === 'CERT_NOT_YET_VALID') {
    return `the certificate of ${whom} is not valid yet (${code}); compare the clocks`;
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const otherwise = hasAuthoritiesOnly ? '' : `, or set ${variables}_SERVER_NAME to one`;
    return `the certificate of ${whom} is for another host name (${code}); connect by a name that it has${otherwise}`;
  }
  if (OURS_REFUSED.test(code)) {
    const check = hasAuthoritiesOnly ? '' : `; check ${variables}_CERT_FILE and ${variables}_KEY_FILE`;
    return `${whom} refused the certificate of this process (${code})${check}`;
  }
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG') {
    return `${whom} did not answer with TLS (${code}); the port may be one for plain text`;
  }
  return undefined;
}
