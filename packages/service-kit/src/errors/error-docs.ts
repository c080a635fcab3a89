import { errorCatalogue, errorCodes } from './error-codes.ts';
import { renderMarkdownTable } from '../markdown-table.ts';

/** The error catalogue as the Markdown table of `docs/errors.md`, in the catalogue's order. A test compares the two. */
export function renderErrorCatalogue(): string {
  const rows = errorCodes.map((code) => [`\`${code}\``, errorCatalogue[code].meaning, errorCatalogue[code].whoActs]);
  return renderMarkdownTable(['Code', 'Meaning', 'Who acts'], rows);
}
