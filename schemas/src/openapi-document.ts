/** The parts of an OpenAPI 3.1 document that our tests look at. */

export interface OpenApiDocument {
  readonly info: { readonly title: string; readonly description: string };
  readonly security?: readonly OpenApiRequirement[];
  /** Where the paths of a group are besides where they are documented. */
  readonly 'x-bases'?: Readonly<Record<string, readonly [documented: string, ...others: string[]]>>;
  readonly paths: Readonly<Record<string, OpenApiPathItem>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, OpenApiSchema>>;
    readonly securitySchemes?: Readonly<Record<string, OpenApiSecurityScheme>>;
  };
}

/** All of the schemes that it names are needed. None: nothing is needed. */
export type OpenApiRequirement = Readonly<Record<string, readonly string[]>>;

export type OpenApiSecurityScheme =
  | { readonly type: 'http'; readonly scheme: 'basic' | 'bearer' }
  | { readonly type: 'apiKey'; readonly in: 'header'; readonly name: string };

export interface OpenApiSchema {
  readonly type?: unknown;
  readonly examples?: readonly unknown[];
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly OpenApiSchema[];
}

export interface OpenApiReference {
  readonly $ref: string;
}

export interface OpenApiParameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly schema: OpenApiSchema;
}

export interface OpenApiPathItem {
  /** A name in `x-bases`. */
  readonly 'x-base'?: string;
  readonly 'x-aliases'?: readonly string[];
  readonly parameters?: readonly (OpenApiParameter | OpenApiReference)[];
  readonly get?: OpenApiOperation;
  readonly put?: OpenApiOperation;
  readonly post?: OpenApiOperation;
  readonly delete?: OpenApiOperation;
  readonly patch?: OpenApiOperation;
}

export interface OpenApiOperation {
  readonly operationId: string;
  /** Any one of them suffices. Undefined: those of the document. */
  readonly security?: readonly OpenApiRequirement[];
  readonly parameters?: readonly (OpenApiParameter | OpenApiReference)[];
  readonly requestBody?: OpenApiBody;
  readonly responses: Readonly<Record<string, OpenApiBody | OpenApiReference>>;
}

/** A request's body or a response. */
export interface OpenApiBody {
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly content?: Readonly<Record<string, OpenApiMediaType>>;
}

export interface OpenApiMediaType {
  readonly schema: OpenApiReference;
  readonly example?: unknown;
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>;
}
