import { readTls, type TlsMaterial } from '@astrolabe/service-kit/tls';
import { Client, buildConnector } from 'undici';

/**
 * Connections to one origin, each for one call at a time: as many as there are calls under way. undici's `Pool` looks
 * through all of its connections twice for each call; here a call takes the one that became free last, so that those
 * which are not needed fall idle and end.
 */
export class Connections {
  readonly #origin: string;
  readonly #options: Client.Options;
  readonly #all: Client[] = [];
  readonly #free: Client[] = [];

  constructor(origin: string, connectTimeoutMs: number, tls: TlsMaterial) {
    this.#origin = origin;
    this.#options = {
      // One for all, so that they share TLS sessions.
      connect: createConnector({ timeout: connectTimeoutMs, allowH2: false }, tls),
      // A call for each connection: with HTTP/2, one reset would take all calls with it.
      allowH2: false,
      // `CallDeadlines` bounds the whole call, with one timer for all.
      headersTimeout: 0,
      bodyTimeout: 0,
      // A redirect is never followed: the key would go to wherever the answer says.
    };
  }

  /** Connects when it is used, again too after its connection has ended. */
  take(): Client {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    const added = new Client(this.#origin, this.#options);
    this.#all.push(added);
    return added;
  }

  /** To be called once for each `take`, when undici reports the end of the call. */
  give(connection: Client): void {
    this.#free.push(connection);
  }

  /** Ends all connections, whatever is under way on them. */
  async close(): Promise<void> {
    await Promise.all(this.#all.map((connection) => connection.destroy()));
  }
}

/** Follows certificates that are replaced: they are read for each connection, and a new connector made of new ones. */
function createConnector(options: buildConnector.BuildOptions, tls: TlsMaterial): buildConnector.connector {
  let current = { text: '', connect: buildConnector(options) };
  return (target, callback) => {
    try {
      const material = readTls(tls);
      const text = JSON.stringify(material);
      if (text !== current.text) current = { text, connect: buildConnector({ ...options, ...material }) };
    } catch (error) {
      process.nextTick(() => callback(error as Error, null));
      return;
    }
    current.connect(target, callback);
  };
}
