/**
 * A patch of kafkajs 2.2.4: each request that fails with its connection disconnects it, and each time the dead socket
 * is told to end and no longer to keep the process alive. A socket without a handle notes that for when it connects,
 * which it never does: with a dozen requests in flight Node warns of a leak of listeners.
 */
import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import { replaceMethods, type Patch } from './patch.ts';

const require = createRequire(import.meta.url);

interface Connection {
  readonly host: string;
  readonly port: number;
  socket?: Socket | undefined;
  isConnected(): boolean;
  rejectRequests(error: Error): void;
  disconnect(this: Connection): Promise<boolean>;
}

export function leaveDeadSockets(): Patch {
  return replaceMethods<Connection>('network/connection', ({ disconnect }) => ({
    disconnect: async function (this: Connection) {
      const { socket } = this;
      // The original waits for requests before it comes to the socket, which may die meanwhile.
      if (socket !== undefined) ignoreOnceDead(socket);
      const isDone = await disconnect.call(this);
      // The original ends whatever socket it has by then, and forgets what was sent over it meanwhile: neither answered
      // nor timed out, such a heartbeat or join would be waited for without end.
      if (!this.isConnected()) this.rejectRequests(connectionClosed(this));
      return isDone;
    },
  }));
}

function connectionClosed({ host, port }: Connection): Error {
  const { KafkaJSConnectionClosedError } = require('kafkajs/src/errors') as {
    KafkaJSConnectionClosedError: new (message: string, broker: { host: string; port: number }) => Error;
  };
  return new KafkaJSConnectionClosedError('Closed connection', { host, port });
}

function ignoreOnceDead(socket: Socket): void {
  if (Object.hasOwn(socket, 'unref')) return;
  const unref = socket.unref.bind(socket);
  socket.unref = () => (socket.destroyed ? socket : unref());
}
