export interface SizeLimits {
  /**
   * Bytes of records in one request; the broker's `message.max.bytes` (1,048,588) refuses larger ones whole. Default
   * 900,000.
   */
  readonly maxRequestBytes?: number | undefined;
  /** A record above this is refused with `kafka.record-too-large` before anything is sent. Default 1,000,000. */
  readonly maxRecordBytes?: number | undefined;
}

export const DEFAULT_MAX_REQUEST_BYTES = 900_000;
export const DEFAULT_MAX_RECORD_BYTES = 1_000_000;
