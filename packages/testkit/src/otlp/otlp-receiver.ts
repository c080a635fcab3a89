import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { readTraceRequest, type ReceivedSpan } from './trace-request.ts';

export interface OtlpReceiver {
  /** For `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  readonly url: string;
  /** In the order of their arrival. */
  readonly spans: readonly ReceivedSpan[];
  /** The headers of each request, whatever it was answered. */
  readonly requests: readonly IncomingHttpHeaders[];
  /** Requests from here on are answered so; not at all with 0. Default 200. */
  answerWith(status: number): void;
  /** Resolves once it holds, looked at when spans arrive. */
  until(holds: (spans: readonly ReceivedSpan[]) => boolean): Promise<void>;
  close(): Promise<void>;
}

/** A collector: takes OTLP over HTTP, as protobuf, on a free port, and keeps the spans. */
export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const requests: IncomingHttpHeaders[] = [];
  const waiting = new Set<() => void>();
  let status = 200;
  const server = createServer((request, response) => {
    void buffer(request).then((body) => {
      requests.push(request.headers);
      const isTraces = request.method === 'POST' && request.url === '/v1/traces';
      const isProtobuf = request.headers['content-type'] === 'application/x-protobuf';
      if (!isTraces || !isProtobuf) response.writeHead(isTraces ? 415 : 404).end();
      else if (status === 200) {
        const inflated = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
        spans.push(...readTraceRequest(inflated));
        response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
      } else if (status !== 0) response.writeHead(status).end();
      for (const look of waiting) look();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    spans,
    requests,
    answerWith: (next) => void (status = next),
    until: (holds) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!holds(spans)) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
