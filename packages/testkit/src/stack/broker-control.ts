/**
 * A broker that the stack owns, and what a test may do to it. Each method resolves once its effect is there; clients
 * keep the address, and the data survives everything.
 */
export interface BrokerControl {
  /** `host:port` for clients. */
  readonly address: string;
  /** Of the broker's process on this machine; undefined where none runs, and for one in a container. */
  processId(): number | undefined;
  /** Ends it in good order. */
  stop(): Promise<void>;
  /**
   * Ends it as a crash does. A `start` right after it takes up to ten seconds more: the controller takes the broker
   * back only when the session of the one that crashed has run out.
   */
  kill(): Promise<void>;
  /** After `stop` or `kill`, on the same address and data; resolves when it serves again. */
  start(): Promise<void>;
  /** Freezes it: connections stay and are accepted, nothing is answered. */
  pause(): Promise<void>;
  resume(): Promise<void>;
}
