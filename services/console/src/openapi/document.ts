/** The OpenAPI 3.1 document of the console's API, made from its route table and the schemas there. */
import { z, type ZodType } from 'zod';
import { pipelineVersion } from '@astrolabe/service-kit';
import type { ActionName, Role, Route } from '../routes/route.ts';
import { problemSchema } from './problem-schema.ts';

/** What the document says of a path. A route is one; what everybody may use has no role. */
export type DocumentedRoute = Omit<Route, 'role' | 'handle'> & { readonly role?: Role };

type Node = Record<string, unknown>;

const description = `What the console's pages use, and nothing else does more. \`docs/operating.md\` says how to set it up.

- **Log-in** by the session cookie, which \`POST /login\` or the OpenID provider's way back sets. Without one: 401.
- **Roles** are viewer, reader, replayer and admin; each may do what the ones before it may. Without the role: 403.
- **Changes** are refused with 403 when the console is read-only or the change is switched off, and when a page of another
  origin asks for them.
- **Numbers** that can exceed 2^53, such as offsets, are strings of digits. Times are ISO 8601 in UTC.
- **A query** has each name once, and no name that is not listed.
- **Errors** are problems (RFC 9457). \`detail\` says what happened, why, and what to do; \`code\` is in \`docs/errors.md\`.
`;

export function openApiDocument(routes: readonly DocumentedRoute[]): object {
  const schemas: Node = {};
  const toSchema = (schema: ZodType, io: 'input' | 'output'): Node => hoist(schema, io, schemas);
  const problem = toSchema(problemSchema, 'output');
  const paths: Record<string, Node> = {};
  for (const route of routes) {
    const path = route.path.replaceAll(/:(\w+)/g, '{$1}');
    const item = (paths[path] ??= {});
    item[route.method.toLowerCase()] = operation(route, toSchema);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Console',
      version: pipelineVersion,
      summary: "The operator's console of the pipeline.",
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      description,
    },
    servers: [
      {
        url: '{basePath}/api/v1',
        variables: { basePath: { default: '', description: 'CONSOLE_BASE_PATH' } },
      },
    ],
    security: [{ session: [] }],
    paths,
    components: {
      securitySchemes: {
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: 'astrolabe-session',
          description: 'Begins with `__Host-` or, at a base path, `__Secure-` where the console is reached over https.',
        },
      },
      responses: {
        Problem: {
          description: 'It was refused, or failed.',
          headers: {
            'Retry-After': { description: 'seconds, with 429 and 503', schema: { type: 'integer', minimum: 0 } },
          },
          content: { 'application/problem+json': { schema: problem } },
        },
      },
      schemas: Object.fromEntries(Object.entries(schemas).sort(([one], [other]) => (one < other ? -1 : 1))),
    },
  };
}

type ToSchema = (schema: ZodType, io: 'input' | 'output') => Node;

function operation(route: DocumentedRoute, toSchema: ToSchema): Node {
  const { method, path, role, action, summary, query, body } = route;
  const parameters = [...pathParameters(path), ...queryParameters(query, toSchema)];
  return {
    operationId: operationId(method, path),
    tags: [tagOf(path)],
    summary,
    description: accessText(role, action),
    ...(role === undefined ? { security: [{}] } : { 'x-role': role }),
    ...(action === undefined ? {} : { 'x-action': action }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: toSchema(body, 'input') } } } }),
    responses: { ...success(route, toSchema), default: { $ref: '#/components/responses/Problem' } },
  };
}

/** By which a reader finds it: `/dead-letters/:topic` → `dead-letters`; logging in and out belong to the session. */
function tagOf(path: string): string {
  const [, first = ''] = path.split('/');
  return first === 'login' || first === 'logout' ? 'session' : first;
}

function accessText(role: Role | undefined, action: ActionName | undefined): string {
  const needed = role === undefined ? 'Needs no session.' : `Needs the role ${role}.`;
  return action === undefined ? needed : `${needed} The action \`${action}\` can be switched off.`;
}

function success({ answers = 'json', answer }: DocumentedRoute, toSchema: ToSchema): Node {
  const schema = toSchema(answer, 'output');
  switch (answers) {
    case 'json':
      return { 200: { description: 'As asked.', content: { 'application/json': { schema } } } };
    case 'accepted':
      return { 202: { description: 'A job goes on.', content: { 'application/json': { schema } } } };
    case 'download':
      return {
        200: {
          description: 'A file of lines.',
          content: { 'application/x-ndjson': { schema: { type: 'string' }, 'x-line': schema } },
        },
      };
    case 'stream':
      return {
        200: {
          description: 'Server-sent events, without end. A browser that comes back sends `Last-Event-ID`.',
          content: { 'text/event-stream': { schema: { type: 'string' }, 'x-event-data': schema } },
        },
      };
  }
}

function pathParameters(path: string): Node[] {
  return [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
}

function queryParameters(query: ZodType | undefined, toSchema: ToSchema): Node[] {
  if (query === undefined) return [];
  if (!(query instanceof z.ZodObject)) throw new TypeError('the schema of a query is an object');
  const { properties = {}, required = [] } = toSchema(query, 'input') as {
    readonly properties?: Readonly<Record<string, Node>>;
    readonly required?: readonly string[];
  };
  return Object.entries(properties).map(([name, { description: meaning, ...schema }]) => ({
    name,
    in: 'query',
    ...(meaning === undefined ? {} : { description: meaning }),
    ...(required.includes(name) ? { required: true } : {}),
    schema,
  }));
}

/** `GET /dead-letters/:topic` → `getDeadLettersByTopic`. */
function operationId(method: string, path: string): string {
  const words = path
    .split('/')
    .filter((part) => part !== '')
    .flatMap((part) => (part.startsWith(':') ? ['by', part.slice(1)] : part.split('-')));
  return [method.toLowerCase(), ...words.map((word) => word.charAt(0).toUpperCase() + word.slice(1))].join('');
}

/** Schemas with an id go to `components.schemas`, and are referred to there. */
function hoist(schema: ZodType, io: 'input' | 'output', schemas: Node): Node {
  const made = z.toJSONSchema(schema, { target: 'draft-2020-12', io }) as Node;
  const { $schema: _dialect, $defs: definitions = {}, ...root } = made;
  for (const [name, definition] of Object.entries(definitions as Record<string, Node>)) {
    schemas[name] = withPlaces(definition);
  }
  return withPlaces(root);
}

function withPlaces(node: Node): Node {
  return JSON.parse(JSON.stringify(node).replaceAll('"#/$defs/', '"#/components/schemas/')) as Node;
}
