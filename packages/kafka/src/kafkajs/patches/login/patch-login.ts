/** Patches of how kafkajs 2.2.4 logs in again on a connection in use, before its session ends (KIP-368). */
import { replaceMethods, type Patch } from '../patch.ts';

interface PushedRequest {
  readonly entry: { readonly apiKey: number };
}
interface RequestQueue {
  readonly pending: unknown[];
  push(request: PushedRequest): void;
  createSocketRequest(request: PushedRequest): unknown;
  sendSocketRequest(request: unknown): void;
  checkPendingRequests(): void;
}
interface Connection {
  readonly requestQueue: RequestQueue;
  reauthenticationThreshold: number;
}
interface Authenticator {
  readonly connection: Connection;
  /** Milliseconds; 0 for a session without an end. A string, as an int64 comes. */
  readonly sessionLifetime: string;
  authenticate(): Promise<void>;
}

const SASL_HANDSHAKE = 17;
const SASL_AUTHENTICATE = 36;

/** Queues of connections that log in. */
const loggingIn = new WeakSet<RequestQueue>();

/**
 * The original sends what waits in the queue, or was about to be sent, between the two requests of a login. A broker
 * takes anything but the second for a violation and closes the connection, with all that is in flight on it.
 */
export function holdRequestsDuringLogin(): Patch {
  return replaceMethods<RequestQueue>('network/requestQueue', ({ push, checkPendingRequests }) => ({
    push: function (this: RequestQueue, request: PushedRequest): void {
      if (!loggingIn.has(this)) return push.call(this, request);
      const { apiKey } = request.entry;
      const socketRequest = this.createSocketRequest(request);
      if (apiKey === SASL_HANDSHAKE || apiKey === SASL_AUTHENTICATE) this.sendSocketRequest(socketRequest);
      else this.pending.push(socketRequest);
    },
    checkPendingRequests: function (this: RequestQueue): void {
      if (!loggingIn.has(this)) checkPendingRequests.call(this);
    },
  }));
}

const LONGEST_MARGIN_MS = 10_000;
/** Brokers refuse a login within a second of the last one on the same connection (KIP-368); a tenth for the way. */
const BETWEEN_LOGINS_MS = 1_100;

/**
 * How long before its end a session is renewed: ten seconds, or half of a short one, but not before the broker takes
 * another login. Zero for a session that is too short for that: the broker closes its connection.
 */
function renewalMarginMs(sessionLifetimeMs: number): number {
  const marginMs = Math.min(
    LONGEST_MARGIN_MS,
    Math.floor(sessionLifetimeMs / 2),
    sessionLifetimeMs - BETWEEN_LOGINS_MS,
  );
  return Math.max(0, marginMs);
}

/**
 * The original logs in again ten seconds before the end of a session: of one that is shorter at every request, which
 * brokers refuse within the first second.
 */
export function renewSessionsInTime(): Patch {
  return replaceMethods<Authenticator>('broker/saslAuthenticator', ({ authenticate }) => ({
    authenticate: async function (this: Authenticator): Promise<void> {
      const { connection } = this;
      loggingIn.add(connection.requestQueue);
      try {
        await authenticate.call(this);
        connection.reauthenticationThreshold = renewalMarginMs(Number(this.sessionLifetime));
      } finally {
        loggingIn.delete(connection.requestQueue);
        connection.requestQueue.checkPendingRequests();
      }
    },
  }));
}
