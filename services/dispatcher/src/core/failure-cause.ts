/** Why a call did not deliver, in a few words, for metrics and for the line that tells of an open circuit. Pure. */
import type { ApiOutcome } from './classify-response.ts';

/**
 * `dns`, `refused` (nothing listens), `tls`, `timeout`, `connection` (reset, ended early, unreachable), or `status-`
 * and the status of the answer: a set that no server can make grow beyond the three-digit numbers.
 */
export function failureCauseOf(outcome: ApiOutcome): string {
  if (outcome.kind === 'response') return `status-${outcome.status}`;
  const { reason, code } = outcome;
  if (reason === 'name-resolution') return 'dns';
  if (reason === 'timeout') return 'timeout';
  if (code === 'ECONNREFUSED') return 'refused';
  return code !== undefined && TLS_CODE.test(code) ? 'tls' : 'connection';
}

/** Codes of Node's TLS and of OpenSSL's verification: https://nodejs.org/api/tls.html#x509-certificate-error-codes */
const TLS_CODE = /^(?:ERR_TLS_|ERR_SSL_|EPROTO$|UNABLE_TO_|INVALID_|HOSTNAME_)|CERT|CRL_/;
