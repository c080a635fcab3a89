/** A table that becomes a list of cards where the window is narrow. */
import { h, type Children } from './html.ts';

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
  /** For rows that never change: what was drawn of each is kept as long as the row is, and not compared again. */
  readonly drawn?: WeakMap<Row & object, Children>;
}

/**
 * Roles are named: a table whose display is changed is not a table for screen readers otherwise. Without a template,
 * since a live table has thousands of cells.
 */
export function DataTable<Row>({ caption, columns, rows, keyOf, toneOf, drawn }: DataTableProps<Row>): Children {
  const heads = columns.map(({ name, isNumber, isNameHidden }) =>
    h(
      'th',
      { role: 'columnheader', scope: 'col', class: isNumber ? 'number' : undefined },
      isNameHidden ? h('span', { class: 'read-only-text' }, name) : name,
    ),
  );
  const cellsOf = (row: Row): Children =>
    columns.map(({ name, isNumber, isNameHidden, cell }) =>
      h(
        'td',
        { role: 'cell', class: isNumber ? 'number' : undefined, 'data-name': isNameHidden ? undefined : name },
        cell(row),
      ),
    );
  const drawRow = (row: Row): Children => h('tr', { role: 'row', key: keyOf(row), class: toneOf?.(row) }, cellsOf(row));
  const body =
    drawn === undefined ? rows.map(drawRow) : rows.map((row) => drawnOnce(row as Row & object, drawn, drawRow));
  return h('table', { role: 'table', 'aria-label': caption }, [
    h('thead', { role: 'rowgroup' }, h('tr', { role: 'row' }, heads)),
    h('tbody', { role: 'rowgroup' }, body),
  ]);
}

function drawnOnce<Row extends object>(
  row: Row,
  drawn: WeakMap<Row, Children>,
  draw: (row: Row) => Children,
): Children {
  const known = drawn.get(row);
  if (known !== undefined) return known;
  const made = draw(row);
  drawn.set(row, made);
  return made;
}
