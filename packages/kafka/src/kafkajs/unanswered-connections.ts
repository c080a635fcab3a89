/**
 * A patch of kafkajs 2.2.4: a broker that accepts the connection and never answers counts as connected as soon as its first request has timed out.
 * What follows fails with "Broker not connected", an error without a class, which looks final. Such a broker is frozen or behind a proxy that
 * lost it: it is to be waited for, as one that refuses connections is.
 */
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

interface Broker {
  readonly versions: object | null;
  isConnected(): boolean;
}

const { prototype } = require('kafkajs/src/broker') as { prototype: Broker };
const { isConnected } = prototype;

prototype.isConnected = function (this: Broker): boolean {
  return this.versions !== null && isConnected.call(this);
};
