import type { FastifyReply } from 'fastify';
import type { Refused } from '../core/http/problem.ts';

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => escapes[character] ?? '');
}

/** There is nothing to load, and nothing in it runs. */
const POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** For somebody whom another site led here: a page of plain HTML, since none of ours is loaded yet. */
export function sendProblemPage(
  reply: FastifyReply,
  { status, code, message }: Refused,
  basePath: string,
): FastifyReply {
  const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <title>Not signed in · Astrolabe console</title>
  </head>
  <body>
    <h1>You are not signed in</h1>
    <p>${escapeHtml(message)}</p>
    <p><small>${escapeHtml(code)} · ${escapeHtml(reply.request.id)}</small></p>
    <p><a href="${escapeHtml(basePath)}/">Back to the console</a></p>
  </body>
</html>
`;
  reply.header('content-security-policy', POLICY);
  return reply.code(status).type('text/html; charset=utf-8').send(page);
}
