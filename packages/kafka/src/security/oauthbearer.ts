/**
 * SASL OAUTHBEARER (RFC 7628, KIP-255). kafkajs's own takes the broker's refusal, which comes as data, for a login, and
 * the broker then closes the connection without a word.
 */
import { createRequire } from 'node:module';
import type { AuthenticationProvider } from './login.ts';

const require = createRequire(import.meta.url);

type EncodeToken = (
  sasl: object,
  token: { readonly value: string; readonly extensions: Readonly<Record<string, string>> | undefined },
) => Promise<{ encode(): Promise<Buffer> }>;

/** Ends the exchange after a refusal; the broker answers it with the error. */
const END_OF_EXCHANGE = Buffer.from([1]);

export function authenticateByToken(
  token: () => Promise<string>,
  extensions: Readonly<Record<string, string>> | undefined,
): AuthenticationProvider {
  const encodeToken = require('kafkajs/src/protocol/sasl/oauthBearer/request') as EncodeToken;
  return ({ saslAuthenticate }) => ({
    authenticate: async () => {
      const request = await encodeToken({}, { value: await token(), extensions });
      const answer = (await saslAuthenticate({ request, response: asBytes })) as Buffer;
      if (answer.length === 0) return;
      await saslAuthenticate({ request: { encode: () => Promise.resolve(END_OF_EXCHANGE) }, response: asBytes });
      throw new Error('the broker did not accept the token');
    },
  });
}

const asBytes = {
  decode: (bytes: Buffer | null) => Promise.resolve(bytes ?? Buffer.alloc(0)),
  parse: (bytes: Buffer) => Promise.resolve(bytes),
};
