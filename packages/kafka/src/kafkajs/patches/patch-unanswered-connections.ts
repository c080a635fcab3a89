/**
 * A patch of kafkajs 2.2.4: a broker that accepts the connection and never answers counts as connected as soon as its
 * first request has timed out. What follows fails with "Broker not connected", an error without a class, which looks
 * final. Such a broker is frozen or behind a proxy that lost it: it is to be waited for, as one that refuses
 * connections is.
 */
import { replaceMethods, type Patch } from './patch.ts';

interface Broker {
  readonly versions: object | null;
  isConnected(this: Broker): boolean;
}

export function countAnsweredConnections(): Patch {
  return replaceMethods<Broker>('broker', ({ isConnected }) => ({
    isConnected: function (this: Broker): boolean {
      return this.versions !== null && isConnected.call(this);
    },
  }));
}
