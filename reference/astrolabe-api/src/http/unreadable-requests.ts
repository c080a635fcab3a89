/** Answers what cannot be read as a request, so never reaches a route. */
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { buildProblem, problemMediaType, type Problem } from './problem.ts';

/** Closes the connection: the start of the next request is unknown. */
export function answerUnreadable(error: NodeJS.ErrnoException, socket: Socket): void {
  // A connection that the client reset, or that was already answered, cannot carry an answer.
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const problem = toProblem(error.code);
  const body = JSON.stringify(problem);
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}`,
    `Content-Type: ${problemMediaType}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

function toProblem(code: string | undefined): Problem {
  switch (code) {
    case 'HPE_INVALID_METHOD':
      return buildProblem(501, 'not-implemented', 'the method is not one of HTTP');
    case 'HPE_HEADER_OVERFLOW':
      return buildProblem(431, 'invalid-request', 'the request line and the headers are too long');
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return buildProblem(408, 'request-timeout', 'the request was not complete in time; send it again');
    default:
      return buildProblem(400, 'invalid-request', 'this is not an HTTP request');
  }
}
