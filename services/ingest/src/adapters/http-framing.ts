/**
 * Refuses requests that break the rules of HTTP itself, before their path is looked at, in the same form as other
 * refusals.
 */
import { STATUS_CODES, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { ErrorCode } from '@astrolabe/service-kit/errors';
import { hostFields, parseHostHeader } from '@astrolabe/service-kit/host-header';
import { refusedAnswer, type Answer } from '../core/request/answer.ts';

type RefuseHost = (request: IncomingMessage) => Answer | undefined;

/**
 * The refusal of a request without exactly one valid `Host` (RFC 9112, 3.2). If there are two, a proxy in front may
 * have used the other one. HTTP/1.0, which some load balancers probe with, does not have the field.
 */
export function createRefuseHost(): RefuseHost {
  // Nearly all requests name the same one: it is not parsed again.
  let lastValid: string | undefined;
  return ({ rawHeaders, httpVersionMajor, httpVersionMinor }) => {
    const fields = hostFields(rawHeaders);
    const isOptional = httpVersionMajor === 1 && httpVersionMinor === 0;
    if (fields.length === 0 && isOptional) return undefined;
    const [field = ''] = fields;
    if (fields.length === 1 && (field === lastValid || parseHostHeader(field) !== undefined)) {
      lastValid = field;
      return undefined;
    }
    const found = fields.length === 1 ? 'its Host is not a host name with an optional port' : `it has ${fields.length}`;
    return refusedAnswer(400, 'request.malformed', `a request needs exactly one Host header; ${found}`);
  };
}

/**
 * Bytes of the request line and all headers. Node's default, set here so that its command-line options cannot change
 * it.
 */
export const MAX_HEAD_BYTES = 16_384;

type ParseError = readonly [status: number, code: ErrorCode, message: string];

const parseErrors: Readonly<Record<string, ParseError>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'request.incomplete', 'the request was not complete in time; send it again'],
  HPE_HEADER_OVERFLOW: [
    431,
    'request.malformed',
    `the request line and the headers together are too large; at most ${MAX_HEAD_BYTES} bytes are read`,
  ],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'request.malformed', 'the extensions of a chunk are too large'],
};
const otherError: ParseError = [400, 'request.malformed', 'the request is not valid HTTP/1.1'];

export interface ParseErrors {
  /** For the server's `clientError`: answers requests that Node's parser refuses, and closes the connection. */
  answer(error: Error & { readonly code?: string }, socket: Socket): void;
}

/** `requestUnderWay` as of `limitConnections`. `onAnswered` gets the status of each answer. */
export function createParseErrors(
  requestUnderWay: (socket: Socket) => IncomingMessage | undefined,
  onAnswered: (status: number) => void,
): ParseErrors {
  return {
    answer: (error, socket) => {
      // A complete earlier request on this connection may or may not be stored: its client would take this answer for
      // that request's.
      const isAnswerable = requestUnderWay(socket)?.complete !== true;
      // Browsers and load balancers open connections in advance. No client waits for an answer on these.
      const isUnused = socket.bytesRead === 0;
      if (error.code === 'ECONNRESET' || !socket.writable || !isAnswerable || isUnused) {
        socket.destroy();
        return;
      }
      const [status, code, message] = parseErrors[error.code ?? ''] ?? otherError;
      onAnswered(status);
      socket.write(toHttpText(refusedAnswer(status, code, message)));
      socket.destroySoon();
    },
  };
}

function toHttpText({ status, body }: Answer): string {
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}
