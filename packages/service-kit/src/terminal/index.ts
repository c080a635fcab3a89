/** Text for a terminal. */
export { formatTable, type TableCell, type TableRow } from './table.ts';
export { visibleJson, visibleLine, visibleLines } from './visible-text.ts';
