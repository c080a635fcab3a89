/**
 * Bounds the connections of an HTTP server. Without a bound, a process accepts connections until it has no descriptor
 * left, and then answers no request, not even on open connections.
 *
 * One connection too many closes the one that has been idle longest: one without a request in progress, including one
 * that never sent complete headers. The new connection is refused only if every connection has a request in progress.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { isIPv6, type Socket } from 'node:net';

export interface ConnectionLimits {
  readonly maxConnections: number;
  /**
   * From one client address, or one /64 network of IPv6, which a single client is assigned. Undefined: no separate
   * bound.
   */
  readonly maxConnectionsPerClient: number | undefined;
  /**
   * Called for each connection that was closed because of the limits: an idle one, or a new one while none was idle.
   */
  readonly onClosed?: (reason: 'idle' | 'refused') => void;
}

interface Client {
  readonly address: string;
  connections: number;
  readonly idle: Set<Connection>;
}

interface Connection {
  readonly socket: Socket;
  readonly client: Client;
  requestsUnderWay: number;
  /** The last of them. Not kept for longer, or every idle connection would hold a request in memory. */
  latest: IncomingMessage | undefined;
}

export interface LimitedConnections {
  /** The latest request of a connection, unless its answer is finished or given up. */
  requestUnderWay(socket: Socket): IncomingMessage | undefined;
  /**
   * Closes the connections on which nothing ever arrived. Call it when the server stops: Node takes them for requests
   * in progress, and waits for their headers until `headersTimeout`.
   */
  closeUnused(): void;
}

/** Starts to apply the limits. Call it before the server listens. */
export function limitConnections(server: Server, limits: ConnectionLimits): LimitedConnections {
  const connections = new Map<Socket, Connection>();
  /** In order of idle time, the longest first: of all, and of each client. */
  const idle = new Set<Connection>();
  const clients = new Map<string, Client>();

  const setIdle = (connection: Connection, isIdle: boolean): void => {
    for (const set of [idle, connection.client.idle]) {
      if (isIdle) set.add(connection);
      else set.delete(connection);
    }
  };

  const forget = (connection: Connection): void => {
    if (!connections.delete(connection.socket)) return;
    setIdle(connection, false);
    const { client } = connection;
    client.connections -= 1;
    if (client.connections === 0) clients.delete(client.address);
  };

  /** Closes the first of `candidates` other than the newcomer, or the newcomer. */
  const close = (candidates: Set<Connection>, newcomer: Connection): void => {
    const [first] = candidates;
    const victim = first ?? newcomer;
    // At once, without waiting for the socket's event: until then it would count as open, and the next newcomer would
    // close another.
    forget(victim);
    victim.socket.destroy();
    limits.onClosed?.(victim === newcomer ? 'refused' : 'idle');
  };

  server.on('connection', (socket: Socket) => {
    const address = clientOf(socket.remoteAddress);
    const client = clients.get(address) ?? { address, connections: 0, idle: new Set() };
    clients.set(address, client);
    client.connections += 1;
    const connection: Connection = { socket, client, requestsUnderWay: 0, latest: undefined };
    connections.set(socket, connection);
    socket.once('close', () => forget(connection));
    const { maxConnections, maxConnectionsPerClient = Infinity } = limits;
    if (client.connections > maxConnectionsPerClient) close(client.idle, connection);
    else if (connections.size > maxConnections) close(idle, connection);
    if (connections.has(socket)) setIdle(connection, true);
  });

  trackRequests(server, connections, setIdle);
  return {
    requestUnderWay: (socket) => connections.get(socket)?.latest,
    closeUnused: () => {
      for (const { socket } of idle) if (socket.bytesRead === 0) socket.destroy();
    },
  };
}

function trackRequests(
  server: Server,
  connections: ReadonlyMap<Socket, Connection>,
  setIdle: (connection: Connection, isIdle: boolean) => void,
): void {
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request;
    const connection = connections.get(socket);
    if (connection === undefined) return;
    connection.requestsUnderWay += 1;
    connection.latest = request;
    setIdle(connection, false);
    response.once('close', () => {
      connection.requestsUnderWay -= 1;
      if (connection.latest === request) connection.latest = undefined;
      if (connection.requestsUnderWay === 0 && connections.has(socket)) setIdle(connection, true);
    });
  });
}

/** Many addresses of one client count as one: the /64 network of an IPv6 address. */
export function clientOf(address: string | undefined): string {
  if (address === undefined) return '';
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
  if (!isIPv6(plain)) return plain;
  const [head = '', tail] = plain.toLowerCase().split('::', 2);
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const gap = tail === undefined ? 0 : 8 - front.length - back.length;
  const groups = [...front, ...Array.from({ length: gap }, () => '0'), ...back];
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}

/** Descriptors that this process may have open at one time. Undefined if the system does not say, or sets no limit. */
export function descriptorLimit(): number | undefined {
  // The types of Node 24 lack the member.
  const report: NodeJS.ProcessReport & { excludeNetwork?: boolean } = process.report;
  // Without it the report would look up the names of all peers.
  report.excludeNetwork = true;
  const { userLimits } = report.getReport() as { userLimits?: { open_files?: { soft?: unknown } } };
  const soft = userLimits?.open_files?.soft;
  return typeof soft === 'number' ? soft : undefined;
}
