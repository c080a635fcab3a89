/** How much a partition may have in memory. */
/** An amount of records in memory. */
export interface Amount {
  readonly records: number;
  readonly bytes: number;
}

export interface LaneLimits {
  /** Records in hand at which the largest group lags, so that what is unread behind them need not wait for it. */
  readonly maxRecords: number;
  /** Bytes in hand at which the largest group lags. */
  readonly maxBytes: number;
  /** Records in hand of a group that lags, at most, where many lag; few share twice `maxRecords`. */
  readonly windowRecords: number;
  /** Bytes in hand of a group that lags, at most, where many lag; few share twice `maxBytes`. */
  readonly windowBytes: number;
  /** How long one record may hold the partition's offset back before its group lags. */
  readonly maxHoldMs: number;
  /** While so many groups have a cursor, a full buffer pauses the partition until half of it is free: memory is bounded. */
  readonly maxLaggingGroups: number;
}
