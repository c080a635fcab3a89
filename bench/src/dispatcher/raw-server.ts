/**
 * HTTP on raw sockets, for stubs that share the machine with what is measured. Understands what undici and our client
 * send: lower-case header names, bodies with a length.
 */
import { createServer, type AddressInfo, type Socket } from 'node:net';

export function answerOf(body: string): Buffer {
  const head = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n`;
  return Buffer.from(head + body);
}

/**
 * `answer` is called with each request and writes its answer to the socket. Logs `listening` with the `url`; ends at
 * SIGTERM.
 */
export function listenRaw(answer: (socket: Socket, head: string, body: string) => void): void {
  const server = createServer({ noDelay: true }, (socket) => {
    let received = '';
    socket.setEncoding('latin1');
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: string) => {
      received += chunk;
      for (;;) {
        const headEnd = received.indexOf('\r\n\r\n');
        if (headEnd < 0) return;
        const head = received.slice(0, headEnd);
        const bodyStart = headEnd + 4;
        const bodyEnd = bodyStart + Number(/^content-length: (\d+)/m.exec(head)?.[1] ?? '0');
        if (received.length < bodyEnd) return;
        const body = received.slice(bodyStart, bodyEnd);
        received = received.slice(bodyEnd);
        answer(socket, head, body);
      }
    });
  });
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address() as AddressInfo;
    console.log(JSON.stringify({ msg: 'listening', url: `http://127.0.0.1:${port}` }));
  });
  process.once('SIGTERM', () => process.exit(0));
}
