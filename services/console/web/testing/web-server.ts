/** Serves the pages with a scripted API, for tests of the pages and for work on them. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FakeApi } from './fake-api.ts';
import { readWebAssets } from './web-assets.ts';

export interface WebServer {
  /** With the base path. */
  readonly url: string;
  close(): Promise<void>;
}

export interface WebServerOptions {
  readonly api: FakeApi;
  /** With both slashes. */
  readonly base?: string;
  readonly port?: number;
  /** Reads the files again for each request. */
  readonly isLive?: boolean;
}

export async function startWebServer({
  api,
  base = '/',
  port = 0,
  isLive = false,
}: WebServerOptions): Promise<WebServer> {
  const first = await readWebAssets(base);
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    if (!`${url.pathname}/`.startsWith(base)) return void response.writeHead(404).end();
    const path = url.pathname.slice(base.length);
    if (path.startsWith('api/v1/'))
      return api.answer(request, response, `/${path.slice('api/v1/'.length)}`, url.searchParams);
    const { page, contentSecurityPolicy, files } = isLive ? await readWebAssets(base) : first;
    response.setHeader('x-content-type-options', 'nosniff');
    if (path.startsWith('assets/')) {
      const file = files.get(path.slice('assets/'.length));
      if (file === undefined) return void response.writeHead(404).end();
      return void response
        .writeHead(200, { 'content-type': file.contentType, 'cache-control': 'no-cache' })
        .end(file.body);
    }
    response.writeHead(200, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': contentSecurityPolicy,
      'cache-control': 'no-store',
    });
    response.end(page);
  };
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${base}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
