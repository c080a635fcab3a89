export { createRecordedTracing, type RecordedSpan, type RecordedTracing } from './recorded-tracing.ts';
