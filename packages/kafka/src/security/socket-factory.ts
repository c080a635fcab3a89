/** Sockets to the brokers: certificates are read for each, so that those that were replaced are used by the next. */
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { readTls, type TlsMaterial } from '@astrolabe/service-kit/tls';

export interface SocketAddress {
  readonly host: string;
  readonly port: number;
}

/** A socket that is not open yet; in plain text where there is no `tls`. Throws `config.file-unreadable`. */
export function openSocket({ host, port }: SocketAddress, tls: TlsMaterial | undefined): Socket {
  if (tls === undefined) return connectTcp({ host, port });
  // A server name that is an address is against RFC 6066, and Node warns of it (DEP0123).
  return connectTls({ host, port, ...(isIP(host) === 0 && { servername: host }), ...readTls(tls) });
}

const KEEP_ALIVE_DELAY_MS = 60_000;

interface SocketFactoryArguments extends SocketAddress {
  readonly onConnect: () => void;
}

/** In the form that kafkajs takes. */
export function createSocketFactory(tls: TlsMaterial | undefined): (args: SocketFactoryArguments) => Socket {
  return ({ onConnect, ...address }) => {
    const socket = openSocket(address, tls);
    socket.once(tls === undefined ? 'connect' : 'secureConnect', onConnect);
    socket.setKeepAlive(true, KEEP_ALIVE_DELAY_MS);
    return socket;
  };
}
