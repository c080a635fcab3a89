/** Finds parts of an OpenAPI document by JSON pointer and by request. */
import type { OpenApiDocument, OpenApiOperation, OpenApiParameter } from './openapi-document.ts';

/** A part of the document and its real place, after following references. */
export interface Located<T> {
  readonly pointer: string;
  readonly node: T;
}

export interface FoundOperation extends Located<OpenApiOperation> {
  readonly parameters: readonly Located<OpenApiParameter>[];
  readonly pathValues: Readonly<Record<string, string>>;
}

export class OpenApiNodes {
  readonly #document: OpenApiDocument;

  constructor(document: OpenApiDocument) {
    this.#document = document;
  }

  locate<T>(pointer: string): Located<T> | undefined {
    const names = pointer.split('/').slice(1).map(unescapeName);
    const node = names.reduce<unknown>(
      (parent, name) => (parent as Record<string, unknown> | undefined)?.[name],
      this.#document,
    );
    if (node === undefined) return undefined;
    const reference = (node as { readonly $ref?: string }).$ref;
    return reference === undefined ? { pointer, node: node as T } : this.locate<T>(reference.slice(1));
  }

  /** `path` may have a query. */
  findOperation(method: string, path: string): FoundOperation | undefined {
    const [pathname = ''] = path.split('?', 1);
    for (const template of Object.keys(this.#document.paths)) {
      const match = new RegExp(`^${template.replaceAll(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`).exec(pathname);
      if (match === null) continue;
      const item = `/paths/${escapeName(template)}`;
      const operation = this.locate<OpenApiOperation>(`${item}/${method.toLowerCase()}`);
      if (operation === undefined) return undefined;
      const parameters = [
        ...this.#parametersAt(`${item}/parameters`),
        ...this.#parametersAt(`${operation.pointer}/parameters`),
      ];
      return { ...operation, parameters, pathValues: match.groups ?? {} };
    }
    return undefined;
  }

  #parametersAt(pointer: string): readonly Located<OpenApiParameter>[] {
    return Object.keys(this.locate<readonly unknown[]>(pointer)?.node ?? []).flatMap(
      (index) => this.locate<OpenApiParameter>(`${pointer}/${index}`) ?? [],
    );
  }
}

/** A name as it stands in a JSON pointer. */
export function escapeName(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}

function unescapeName(name: string): string {
  return name.replaceAll('~1', '/').replaceAll('~0', '~');
}
