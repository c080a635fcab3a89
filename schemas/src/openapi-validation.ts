/**
 * Validation against the OpenAPI documents, for tests (`@astrolabe/schemas/testing`): of a document's own examples, of
 * what the servers accept and answer, and of what the dispatcher sends.
 */
import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import ajvFormats from 'ajv-formats';
import { parse } from 'yaml';
import type { OpenApiBody, OpenApiDocument, OpenApiOperation, OpenApiParameter } from './openapi-document.ts';
import { OpenApiNodes, escapeName, type FoundOperation, type Located } from './openapi-nodes.ts';

export type { OpenApiBody, OpenApiOperation } from './openapi-document.ts';

export interface HttpRequest {
  readonly method: string;
  /** With the query, percent-encoded. */
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Parsed. Undefined if there is none. */
  readonly body?: unknown;
}

export interface HttpResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
}

export interface OpenApiContract {
  readonly document: OpenApiDocument;
  /** The part at a JSON pointer, after following references. */
  locate(pointer: string): unknown;
  /**
   * Where a value does not fit a schema of `components.schemas`; empty if it fits. Throws if the schema does not exist.
   */
  errorsOf(schemaName: string, value: unknown): readonly string[];
  /** Where a value does not fit the schema at a JSON pointer into the document. */
  errorsAt(pointer: string, value: unknown): readonly string[];
  /** Where a request is not one of the document: its path, parameters, key, credential or body. */
  requestErrors(request: HttpRequest): readonly string[];
  /** Where an answer is not one that the document defines for the request. */
  responseErrors(request: Pick<HttpRequest, 'method' | 'path'>, response: HttpResponse): readonly string[];
}

const documentId = 'openapi';

export const openApiNames = ['astrolabe', 'ingest', 'console'] as const;
export type OpenApiName = (typeof openApiNames)[number];

/** The contract in `openapi/astrolabe.yaml`, or another of that folder. */
export function loadOpenApi(name: OpenApiName = 'astrolabe'): OpenApiContract {
  return compileOpenApi(parse(readOpenApi(name)) as OpenApiDocument);
}

/** YAML. */
export function readOpenApi(name: OpenApiName): string {
  return readFileSync(new URL(`../openapi/${name}.yaml`, import.meta.url), 'utf8');
}

type ErrorsAt = OpenApiContract['errorsAt'];

export function compileOpenApi(document: OpenApiDocument): OpenApiContract {
  const nodes = new OpenApiNodes(document);
  const errorsAt = compileSchemas(document);

  const contentErrors = (
    owner: Located<OpenApiBody>,
    headers: HttpRequest['headers'],
    body: unknown,
  ): readonly string[] => {
    const mediaType = headers['content-type']?.split(';', 1)[0]?.trim() ?? '';
    const pointer = `${owner.pointer}/content/${escapeName(mediaType)}/schema`;
    if (nodes.locate(pointer) === undefined) return [`content type ${mediaType} is not one of the document`];
    return errorsAt(pointer, body);
  };

  return {
    document,
    locate: (pointer) => nodes.locate(pointer)?.node,
    errorsAt,
    errorsOf: (schemaName, value) => errorsAt(`/components/schemas/${schemaName}`, value),

    requestErrors: (request) => {
      const operation = nodes.findOperation(request.method, request.path);
      if (operation === undefined) return [`there is no ${request.method} ${request.path}`];
      const errors = parameterErrors(operation, request, errorsAt);
      if (!hasCredential(document, operation.node, request.headers)) errors.push('the API key is missing');
      const body = nodes.locate<OpenApiBody>(`${operation.pointer}/requestBody`);
      if (body === undefined) return request.body === undefined ? errors : [...errors, 'there must be no body'];
      return [...errors, ...contentErrors(body, request.headers, request.body)];
    },

    responseErrors: ({ method, path }, { status, headers, body }) => {
      const operation = nodes.findOperation(method, path);
      if (operation === undefined) return [`there is no ${method} ${path}`];
      const responses = `${operation.pointer}/responses`;
      const response =
        nodes.locate<OpenApiBody>(`${responses}/${status}`) ?? nodes.locate<OpenApiBody>(`${responses}/default`);
      if (response === undefined) return [`status ${status} is not one of the document`];
      const headerErrors = Object.keys(response.node.headers ?? {}).flatMap((name) => {
        const text = headers[name.toLowerCase()];
        const header = nodes.locate<{ readonly schema: { readonly type?: string } }>(
          `${response.pointer}/headers/${name}`,
        );
        if (text === undefined || header === undefined) return [];
        const value = valueOfText(text, header.node.schema.type);
        return errorsAt(`${header.pointer}/schema`, value).map((error) => `header ${name}${error}`);
      });
      return [...headerErrors, ...contentErrors(response, headers, body)];
    },
  };
}

/** Compiles each schema when it is needed first. */
function compileSchemas(document: OpenApiDocument): ErrorsAt {
  const ajv = new Ajv2020({ allErrors: true, strict: false });
  ajvFormats.default(ajv);
  ajv.addSchema(document, documentId);
  const validators = new Map<string, ValidateFunction>();
  return (pointer, value) => {
    let validate = validators.get(pointer);
    if (validate === undefined) {
      validate = ajv.compile({ $ref: `${documentId}#${encodeURI(pointer)}` });
      validators.set(pointer, validate);
    }
    if (validate(value)) return [];
    return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message ?? ''}`);
  };
}

function hasCredential(
  { security = [{}], components }: OpenApiDocument,
  operation: OpenApiOperation,
  headers: HttpRequest['headers'],
): boolean {
  const holds = (name: string): boolean => {
    const scheme = components.securitySchemes?.[name];
    if (scheme === undefined) throw new Error(`there is no security scheme ${name}`);
    if (scheme.type === 'apiKey') return headers[scheme.name.toLowerCase()] !== undefined;
    const [given = '', credential = ''] = (headers['authorization'] ?? '').split(' ');
    return given.toLowerCase() === scheme.scheme && credential !== '';
  };
  return (operation.security ?? security).some((requirement) => Object.keys(requirement).every(holds));
}

function parameterErrors(
  { parameters, pathValues }: FoundOperation,
  { path, headers }: HttpRequest,
  errorsAt: ErrorsAt,
): string[] {
  const search = path.split('?')[1] ?? '';
  const query = new URLSearchParams(search);
  const valueOf = ({ name, in: place }: OpenApiParameter): string | undefined => {
    if (place === 'path') return decodeURIComponent(pathValues[name] ?? '');
    return place === 'header' ? headers[name.toLowerCase()] : (query.get(name) ?? undefined);
  };
  const known = new Set(parameters.flatMap(({ node }) => (node.in === 'query' ? [node.name] : [])));
  const takesAny = parameters.some(({ node }) => node.in === 'query' && node.schema.type === 'object');
  const unknown = [...query.keys()]
    .filter((name) => !known.has(name) && !takesAny)
    .map((name) => `query ${name} is not known`);
  const misfits = parameters.flatMap(({ pointer, node }) => {
    const text = valueOf(node);
    if (text === undefined) return node.required === true ? [`${node.in} ${node.name} is missing`] : [];
    const value = valueOfText(text, node.schema.type);
    return errorsAt(`${pointer}/schema`, value).map((error) => `${node.in} ${node.name}${error}`);
  });
  const repeated = [...known]
    .filter((name) => query.getAll(name).length > 1)
    .map((name) => `query ${name} is repeated`);
  return [
    ...(isPercentEncoded(search) ? [] : ['the query is not percent-encoded']),
    ...unknown,
    ...repeated,
    ...misfits,
  ];
}

/** Text that is not a whole number is kept as text, which does not fit the schema of an integer. */
function valueOfText(text: string, type: unknown): string | number {
  return type === 'integer' && /^-?[0-9]+$/.test(text) ? Number(text) : text;
}

function isPercentEncoded(search: string): boolean {
  try {
    decodeURIComponent(search);
    return true;
  } catch {
    return false;
  }
}
