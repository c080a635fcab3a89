/** TLS connections by configuration, for the brokers, the schema registry and the Astrolabe API. */
export { readTls, tlsMaterialOf, type TlsMaterial, type TlsOptions } from './tls-options.ts';
export { createFetch } from './tls-fetch.ts';
export { describeTlsFault } from './tls-faults.ts';
export type { TlsSection } from './tls-variables.ts';
