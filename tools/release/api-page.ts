/**
 * An OpenAPI document as one HTML file that needs nothing else: Swagger UI and the document are in it, and the browser
 * is told to load nothing from anywhere.
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const swaggerUi = dirname(fileURLToPath(import.meta.resolve('swagger-ui-dist/package.json')));

/** Inline only. Pictures are those that Swagger UI's style has in itself. */
const POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:";

export interface ApiPageOptions {
  readonly title: string;
  /** OpenAPI, as JSON has it. */
  readonly document: object;
}

export function renderApiPage({ title, document }: ApiPageOptions): string {
  const ui = (file: string): string => readFileSync(join(swaggerUi, file), 'utf8');
  // No request can be tried out: the page could send it nowhere. The validator would be asked over the network.
  const settings = {
    spec: document,
    dom_id: '#api',
    validatorUrl: null,
    supportedSubmitMethods: [],
    deepLinking: true,
  };
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${POLICY}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    // Otherwise a browser asks the server for one.
    '<link rel="icon" href="data:,">',
    `<title>${title}</title>`,
    `<style>${withoutSourceMap(ui('swagger-ui.css')).replaceAll('</style', '<\\/style')}</style>`,
    '<div id="api"></div>',
    `<script>${inScript(withoutSourceMap(ui('swagger-ui-bundle.js')))}</script>`,
    `<script>SwaggerUIBundle(${inScript(JSON.stringify(settings))});</script>`,
    '</html>',
    '',
  ].join('\n');
}

/** What would end the script, or hide its end from the parser of HTML, means the same with a backslash. */
function inScript(text: string): string {
  return text.replaceAll('</script', '<\\/script').replaceAll('<!--', '<\\!--');
}

/** A browser with its developer tools open would ask for it. */
function withoutSourceMap(text: string): string {
  return text.replace(/\n(?:\/\/|\/\*)# sourceMappingURL=.*\s*$/, '\n');
}
