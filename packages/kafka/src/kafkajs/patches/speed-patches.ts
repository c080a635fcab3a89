/**
 * Patches of kafkajs 2.2.4 that only make it faster: what goes over the wire is the same to the byte, which
 * `speed-patches.property.test.ts` proves against the original. Figures are in docs/adr/0003-kafkajs-behind-ports.md.
 */
import { encodeProduceRequest, isPlainRequest, type ProduceArguments } from '../protocol/produce-encoding.ts';
import { replaceExport, type Patch } from './patch.ts';

/** As much of kafkajs's own Encoder as those who are given one ask for. */
interface Encoded {
  readonly buf: Buffer;
  readonly buffer: Buffer;
  size(): number;
}
interface Request {
  readonly apiKey: number;
  readonly apiVersion: number;
  encode(): Promise<Encoded>;
}
interface FramedRequest {
  readonly correlationId: number;
  readonly clientId: string | null;
  readonly request: Request;
}

function asEncoded(bytes: Buffer): Encoded {
  return { buf: bytes, buffer: bytes, size: () => bytes.length };
}

/** The requests of later versions are made by that of version 3. */
export function encodeProduceRequests(): Patch {
  return replaceExport<(args: ProduceArguments) => Request>(
    'protocol/requests/produce/v3/request',
    (original) => (args) => {
      const request = original(args);
      const { encode } = request;
      return {
        ...request,
        encode: async () => (isPlainRequest(args) ? asEncoded(encodeProduceRequest(args, Date.now())) : encode()),
      };
    },
  );
}

const SIZE_BYTES = 4;
/** Key and version of the API, and the correlation id. */
const FIXED_HEADER_BYTES = 8;
const CLIENT_ID_LENGTH_BYTES = 2;
const NO_CLIENT_ID = -1;

/**
 * The original copies every request twice, each time into a buffer of the next power of two that it fills with zeros
 * first.
 */
export function frameRequests(): Patch {
  return replaceExport<(framed: FramedRequest) => Promise<Encoded>>(
    'protocol/request',
    () =>
      async ({ correlationId, clientId, request: { apiKey, apiVersion, encode } }) => {
        const body = (await encode()).buffer;
        const clientIdBytes = clientId == null ? 0 : Buffer.byteLength(clientId);
        const size = FIXED_HEADER_BYTES + CLIENT_ID_LENGTH_BYTES + clientIdBytes + body.length;
        const frame = Buffer.allocUnsafe(SIZE_BYTES + size);
        let at = frame.writeInt32BE(size, 0);
        at = frame.writeInt16BE(apiKey, at);
        at = frame.writeInt16BE(apiVersion, at);
        at = frame.writeInt32BE(correlationId, at);
        at = frame.writeInt16BE(clientId == null ? NO_CLIENT_ID : clientIdBytes, at);
        if (clientId != null) at += frame.write(clientId, at);
        frame.set(body, at);
        return asEncoded(frame);
      },
  );
}
