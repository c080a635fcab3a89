/** kafkajs's authentication providers, and what it gives them. */

interface Exchange {
  readonly request: unknown;
  readonly response?: unknown;
}
export type SaslAuthenticate = (exchange: Exchange) => Promise<unknown>;
interface ProviderArguments {
  readonly host: string;
  readonly port: number;
  readonly logger: unknown;
  readonly saslAuthenticate: SaslAuthenticate;
}
export type AuthenticationProvider = (args: ProviderArguments) => { authenticate(): Promise<void> };
