import type { OutgoingRecord, RecordPosition } from '../record/record.ts';

export interface CloseOptions {
  /** What is not acknowledged by then is given up. Without it, each send has the producer's own time. */
  readonly timeoutMs?: number;
}

/**
 * Stores records on a topic.
 *
 * Called by ingest once for each request and by the dead-letter path once for each record, from many callers at once;
 * an implementation gathers concurrent calls into one request to the broker.
 *
 * Success: every record is acknowledged by all in-sync replicas; positions come in the order of `records`. Records of
 * one call that share a partition keep their order, and so do records of consecutive calls to one partition.
 *
 * Failure: rejects with a `PipelineError`: `kafka.unavailable` or `kafka.topic-missing` (retryable: the outcome may be
 * either, so a repetition must be harmless), `kafka.record-too-large` or `kafka.request-refused` (final: not
 * authorized). There is no variant that swallows a failure.
 */
export interface RecordProducer {
  send(topic: string, records: readonly OutgoingRecord[]): Promise<readonly RecordPosition[]>;
  /** Waits for what is under way, at most for `timeoutMs` where that is given, then disconnects. Later sends reject. */
  close(options?: CloseOptions): Promise<void>;
}
