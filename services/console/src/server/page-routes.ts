/** Serves the pages: one document for every address below the base path, and the files that it loads. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { acceptsGzip, acceptsPage, isKnown } from '../core/http/accepts.ts';
import type { WebFile, WebFiles } from './web-files.ts';

const YEAR_SECONDS = 31_536_000;

export interface PageRoutesOptions {
  readonly web: WebFiles;
  readonly basePath: string;
}

export function addPageRoutes(app: FastifyInstance, { web, basePath }: PageRoutesOptions): void {
  const method = ['GET', 'HEAD'];
  const page = (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    if (!acceptsPage(request.headers.accept)) {
      reply.callNotFound();
      return reply;
    }
    reply.header('content-security-policy', web.contentSecurityPolicy);
    // The session is not in the page, so a kept copy tells nobody anything; it names the files of its version.
    reply.header('cache-control', 'no-cache');
    return sendFile(request, reply, web.page);
  };
  app.route<{ readonly Params: { readonly '*': string } }>({
    method,
    url: `${basePath}/assets/*`,
    handler: (request, reply) => {
      const path = request.params['*'];
      const isPresent = path.startsWith(`${web.version}/`);
      const file = isPresent ? web.files.get(path.slice(web.version.length + 1)) : undefined;
      if (file === undefined) {
        reply.callNotFound();
        return reply;
      }
      reply.header('cache-control', `public, max-age=${YEAR_SECONDS}, immutable`);
      return sendFile(request, reply, file);
    },
  });
  // Otherwise a misspelt path of the API would be answered with a page.
  app.route({ method, url: `${basePath}/api/*`, handler: (_request, reply) => reply.callNotFound() });
  app.route({ method, url: `${basePath}/*`, handler: page });
  if (basePath === '') return;
  for (const url of ['/', basePath]) {
    app.route({ method, url, handler: (_request, reply) => reply.redirect(`${basePath}/`, 308) });
  }
}

function sendFile(request: FastifyRequest, reply: FastifyReply, file: WebFile): FastifyReply {
  reply.header('etag', file.etag).header('vary', 'accept-encoding');
  if (isKnown(request.headers['if-none-match'], file.etag)) return reply.code(304).send();
  reply.type(file.contentType);
  if (file.gzipped === undefined || !acceptsGzip(request.headers['accept-encoding'])) return reply.send(file.body);
  return reply.header('content-encoding', 'gzip').send(file.gzipped);
}
