/** Serves the pages, as the console makes them ready, with a scripted API: for tests of them and for work on them. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { vendorModules } from '../../src/server/vendor-modules.ts';
import { readWebFiles, type WebFiles } from '../../src/server/web-files.ts';
import type { FakeApi } from './fake-api.ts';

export interface WebServer {
  /** With the base path and a slash. */
  readonly url: string;
  close(): Promise<void>;
}

export interface WebServerOptions {
  readonly api: FakeApi;
  /** Without a slash at its end; empty at the root. */
  readonly basePath?: string;
  readonly port?: number;
  /** Reads the files again for each page. */
  readonly isLive?: boolean;
}

export function readPages(basePath: string): Promise<WebFiles> {
  return readWebFiles({ folder: join(import.meta.dirname, '..'), vendors: vendorModules, basePath });
}

export async function startWebServer(options: WebServerOptions): Promise<WebServer> {
  const { api, basePath = '', port = 0, isLive = false } = options;
  let web = await readPages(basePath);
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    if (!url.pathname.startsWith(`${basePath}/`)) return void response.writeHead(404).end();
    const path = url.pathname.slice(basePath.length + 1);
    if (path.startsWith('api/v1/')) {
      return api.answer(request, response, `/${path.slice('api/v1/'.length)}`, url.searchParams);
    }
    if (path.startsWith('assets/')) {
      const file = web.files.get(path.slice(`assets/${web.version}/`.length));
      if (file === undefined) return void response.writeHead(404).end();
      return void response.writeHead(200, { 'content-type': file.contentType }).end(file.body);
    }
    if (isLive) web = await readPages(basePath);
    const headers = { 'content-type': web.page.contentType, 'content-security-policy': web.contentSecurityPolicy };
    response.writeHead(200, { ...headers, 'x-content-type-options': 'nosniff' }).end(web.page.body);
  };
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${basePath}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
