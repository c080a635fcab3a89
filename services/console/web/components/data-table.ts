/** A table that becomes a list of cards where the window is narrow. */
import { html, type Children } from './html.ts';

export interface Column<Row> {
  readonly name: string;
  /** For columns whose name would say nothing: read, not seen. */
  readonly isNameHidden?: boolean;
  readonly isNumber?: boolean;
  readonly cell: (row: Row) => Children;
}

export interface DataTableProps<Row> {
  /** What the table holds, for those who do not see what it stands under. */
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  /** Tells a row from all others. */
  readonly keyOf: (row: Row) => string;
  readonly toneOf?: (row: Row) => string | undefined;
}

/** Roles are named: a table whose display is changed is not a table for screen readers otherwise. */
export function DataTable<Row>({ caption, columns, rows, keyOf, toneOf }: DataTableProps<Row>): Children {
  return html`<table role="table" aria-label=${caption}>
    <thead role="rowgroup">
      <tr role="row">
        ${columns.map(
          ({ name, isNumber, isNameHidden }) =>
            html`<th role="columnheader" scope="col" class=${isNumber ? 'number' : undefined}>
              ${isNameHidden ? html`<span class="read-only-text">${name}</span>` : name}
            </th>`,
        )}
      </tr>
    </thead>
    <tbody role="rowgroup">
      ${rows.map(
        (row) =>
          html`<tr role="row" key=${keyOf(row)} class=${toneOf?.(row)}>
            ${columns.map(
              ({ name, isNumber, isNameHidden, cell }) =>
                html`<td
                  role="cell"
                  class=${isNumber ? 'number' : undefined}
                  data-name=${isNameHidden ? undefined : name}
                >
                  ${cell(row)}
                </td>`,
            )}
          </tr>`,
      )}
    </tbody>
  </table>`;
}
