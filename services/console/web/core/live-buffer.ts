/**
 * The rows of a live view: the newest ones, at most `MAX_ROWS`. Paused, what is seen does not move; what comes is kept
 * aside, as many again, and the rest is counted. Pure.
 */

export const MAX_ROWS = 500;

export interface LiveBuffer<Row> {
  /** Newest first. */
  readonly rows: readonly Row[];
  /** What came since the pause, newest first; undefined while it is not paused. */
  readonly held: readonly Row[] | undefined;
  /** Of this pause: rows that found no place. */
  readonly heldDropped: number;
  /** Rows that the server has left out, because there were more than it sends. */
  readonly serverDropped: number;
  /** All rows that came. */
  readonly received: number;
}

export const EMPTY_BUFFER: LiveBuffer<never> = {
  rows: [],
  held: undefined,
  heldDropped: 0,
  serverDropped: 0,
  received: 0,
};

/** `rows`: in the order in which they came. */
export function addRows<Row>(buffer: LiveBuffer<Row>, rows: readonly Row[]): LiveBuffer<Row> {
  if (rows.length === 0) return buffer;
  const received = buffer.received + rows.length;
  if (buffer.held === undefined) return { ...buffer, received, rows: newestOf(rows, buffer.rows) };
  const held = newestOf(rows, buffer.held);
  const lost = buffer.held.length + rows.length - held.length;
  return { ...buffer, received, held, heldDropped: buffer.heldDropped + lost };
}

function newestOf<Row>(added: readonly Row[], before: readonly Row[]): readonly Row[] {
  return [...added.slice(-MAX_ROWS).toReversed(), ...before].slice(0, MAX_ROWS);
}

export function countDropped<Row>(buffer: LiveBuffer<Row>, count: number): LiveBuffer<Row> {
  return count === 0 ? buffer : { ...buffer, serverDropped: buffer.serverDropped + count };
}

export function pause<Row>(buffer: LiveBuffer<Row>): LiveBuffer<Row> {
  return buffer.held === undefined ? { ...buffer, held: [], heldDropped: 0 } : buffer;
}

/** What was kept aside comes on top. */
export function resume<Row>(buffer: LiveBuffer<Row>): LiveBuffer<Row> {
  if (buffer.held === undefined) return buffer;
  const rows = [...buffer.held, ...buffer.rows].slice(0, MAX_ROWS);
  return { ...buffer, rows, held: undefined, heldDropped: 0 };
}

/** Whether it is paused stays as it is. */
export function clear<Row>(buffer: LiveBuffer<Row>): LiveBuffer<Row> {
  return { ...EMPTY_BUFFER, held: buffer.held === undefined ? undefined : [] };
}
