/**
 * A broker that wants a log-in, in front of one that wants none: it answers SASL's two requests itself and passes the
 * rest on, with its own port in place of the broker's. What it says of a wrong password repeats that password, as no
 * broker should. The protocol: https://kafka.apache.org/protocol#sasl_handshake.
 */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface SaslGate {
  /** `host:port`. */
  readonly address: string;
  /** Log-ins that were let through. */
  readonly accepted: number;
  readonly refused: number;
  close(): Promise<void>;
}

export interface SaslGateOptions {
  /** `host:port` of the broker. */
  readonly broker: string;
  readonly username: string;
  readonly password: string;
}

const SASL_HANDSHAKE = 17;
const API_VERSIONS = 18;
const SASL_AUTHENTICATE = 36;
const SASL_AUTHENTICATION_FAILED = 58;
const MECHANISM = 'PLAIN';

export async function startSaslGate({ broker, username, password }: SaslGateOptions): Promise<SaslGate> {
  const [host = '', brokerPort = ''] = broker.split(':');
  const sockets = new Set<Socket>();
  let accepted = 0;
  let refused = 0;

  const server = createServer((client) => {
    const upstream = connect({ host, port: Number(brokerPort) });
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    const { port } = server.address() as AddressInfo;
    let isLoggedIn = false;
    onFrames(upstream, (frame) => client.write(withPort(frame, host, Number(brokerPort), port)));
    onFrames(client, (frame) => {
      const api = frame.readInt16BE(4);
      const correlationId = frame.readInt32BE(8);
      if (api === SASL_HANDSHAKE) return client.write(response(correlationId, [int16(0), int32(1), text(MECHANISM)]));
      if (api === SASL_AUTHENTICATE) {
        const credentials = authBytes(frame).toString('utf8').split('\0');
        isLoggedIn = credentials[1] === username && credentials[2] === password;
        if (isLoggedIn) accepted += 1;
        else refused += 1;
        const said = isLoggedIn ? '' : `${username} is not ${credentials.join(' ')}`;
        const code = int16(isLoggedIn ? 0 : SASL_AUTHENTICATION_FAILED);
        // Version 1 ends with the life of the session: without an end.
        return client.write(response(correlationId, [code, text(said), int32(0), Buffer.alloc(8)]));
      }
      if (!isLoggedIn && api !== API_VERSIONS) return client.destroy();
      return upstream.write(frame);
    });
  });
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0 }, resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    get accepted() {
      return accepted;
    },
    get refused() {
      return refused;
    },
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** Whole frames, the four bytes of their length included. */
function onFrames(socket: Socket, handle: (frame: Buffer) => unknown): void {
  let held: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    while (held.length >= 4 && held.length >= 4 + held.readInt32BE(0)) {
      const end = 4 + held.readInt32BE(0);
      handle(held.subarray(0, end));
      held = held.subarray(end);
    }
  });
}

/** Behind the header's client id. */
function authBytes(frame: Buffer): Buffer {
  const at = 14 + Math.max(0, frame.readInt16BE(12));
  return frame.subarray(at + 4, at + 4 + frame.readInt32BE(at));
}

/**
 * An address is written as the text of the host and then the port in four bytes, in metadata and where a coordinator is
 * named.
 */
function withPort(frame: Buffer, host: string, from: number, to: number): Buffer {
  const wanted = Buffer.concat([text(host), int32(from)]);
  for (let at = frame.indexOf(wanted); at >= 0; at = frame.indexOf(wanted, at + 1)) {
    frame.writeInt32BE(to, at + wanted.length - 4);
  }
  return frame;
}

function response(correlationId: number, parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat([int32(correlationId), ...parts]);
  return Buffer.concat([int32(body.length), body]);
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([int16(bytes.length), bytes]);
}
