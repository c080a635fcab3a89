/**
 * A patch of kafkajs 2.2.4: each request that fails with its connection disconnects it, and each time the dead socket
 * is told to end and no longer to keep the process alive. A socket without a handle notes that for when it connects,
 * which it never does: with a dozen requests in flight Node warns of a leak of listeners.
 */
import type { Socket } from 'node:net';
import { replaceMethods, type Patch } from './patch.ts';

interface Connection {
  socket?: Socket | undefined;
  disconnect(this: Connection): Promise<boolean>;
}

export function leaveDeadSockets(): Patch {
  return replaceMethods<Connection>('network/connection', ({ disconnect }) => ({
    disconnect: async function (this: Connection) {
      const { socket } = this;
      // The original waits for requests before it comes to the socket, which may die meanwhile.
      if (socket !== undefined) ignoreOnceDead(socket);
      return disconnect.call(this);
    },
  }));
}

function ignoreOnceDead(socket: Socket): void {
  if (Object.hasOwn(socket, 'unref')) return;
  const unref = socket.unref.bind(socket);
  socket.unref = () => (socket.destroyed ? socket : unref());
}
