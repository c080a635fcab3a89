/**
 * A TCP proxy that misbehaves on demand, between a client under test and the server it talks to.
 *
 * For Kafka it covers only what is addressed to it: a client takes the broker's advertised address from the metadata,
 * so the broker has to advertise the proxy.
 */
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { createByteRelay } from './byte-relay.ts';
import type { ByteRelay } from './byte-relay.ts';

export interface FaultProxyOptions {
  readonly target: { readonly host: string; readonly port: number };
}

export interface FaultProxy {
  readonly host: string;
  readonly port: number;
  /** `host:port`. */
  readonly address: string;
  /** Open connections of clients. */
  readonly connectionCount: number;
  /** Resets every connection, and each new one as soon as it is made. */
  cut(): void;
  /** Bytes arrive `delayMs` later, in both directions and in order. Connections stay and are accepted. */
  delay(delayMs: number): void;
  /**
   * Connections stay and are accepted, but no byte passes: what a lost network looks like from inside. Nothing is
   * dropped.
   */
  blackhole(): void;
  /** Back to passing at once; what a blackhole held back is delivered. */
  resume(): void;
  /** Resets every connection and stops listening. */
  close(): Promise<void>;
}

type Fault =
  | { readonly kind: 'none' }
  | { readonly kind: 'cut' }
  | { readonly kind: 'blackhole' }
  | { readonly kind: 'delay'; readonly delayMs: number };

interface Link {
  readonly client: Socket;
  readonly server: Socket;
  readonly relays: readonly ByteRelay[];
}

/** Listens on a free port of the loopback interface. */
export async function startFaultProxy({ target }: FaultProxyOptions): Promise<FaultProxy> {
  const links = new Set<Link>();
  let fault: Fault = { kind: 'none' };

  // Half-open: a client that ends its side still gets its answer.
  const listener = createServer({ allowHalfOpen: true }, (client) => {
    if (fault.kind === 'cut') {
      client.on('error', () => undefined);
      client.resetAndDestroy();
      return;
    }
    const link = linkTo(connect({ ...target, allowHalfOpen: true }), client, () => links.delete(link));
    links.add(link);
    applyTo(link);
  });

  function applyTo(link: Link): void {
    if (fault.kind === 'cut') {
      resetLink(link);
      return;
    }
    for (const relay of link.relays) {
      if (fault.kind === 'blackhole') relay.hold();
      else relay.pass({ delayMs: fault.kind === 'delay' ? fault.delayMs : 0 });
    }
  }

  function setFault(next: Fault): void {
    fault = next;
    for (const link of [...links]) applyTo(link);
  }

  await new Promise<void>((resolve, reject) => {
    listener.once('error', reject);
    listener.listen({ host: '127.0.0.1', port: 0 }, resolve);
  });
  const { address: host, port } = listener.address() as AddressInfo;

  return {
    host,
    port,
    address: `${host}:${port}`,
    get connectionCount() {
      return links.size;
    },
    cut: () => setFault({ kind: 'cut' }),
    delay: (delayMs) => setFault({ kind: 'delay', delayMs }),
    blackhole: () => setFault({ kind: 'blackhole' }),
    resume: () => setFault({ kind: 'none' }),
    async close() {
      const closed = new Promise<void>((resolve) => listener.close(() => resolve()));
      setFault({ kind: 'cut' });
      await closed;
    },
  };
}

function linkTo(server: Socket, client: Socket, onClosed: () => void): Link {
  for (const [socket, other] of [
    [client, server],
    [server, client],
  ] as const) {
    socket.setNoDelay(true);
    socket.on('error', () => reset(other));
    // A side that closed in good order may have left delayed bytes behind, which are still to be delivered.
    socket.on('close', () => {
      if (other.closed) onClosed();
    });
  }
  return {
    client,
    server,
    relays: [createByteRelay({ from: client, to: server }), createByteRelay({ from: server, to: client })],
  };
}

function resetLink({ client, server }: Link): void {
  reset(client);
  reset(server);
}

/**
 * A socket that is already ending is closed without a reset. libuv would refuse the reset, Node would still take the
 * socket for closed, and the process would never exit, because it waits for that socket.
 */
function reset(socket: Socket): void {
  if (socket.writableEnded && !socket.writableFinished) socket.destroy();
  else socket.resetAndDestroy();
}
