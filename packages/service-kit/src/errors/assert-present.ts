import { PipelineError } from './errors.ts';

/**
 * What cannot be absent. Throws `service.defect` where it is: a default in its place would be stored as if it were
 * true.
 */
export function present<Value>(value: Value | undefined, what: string): Value {
  if (value === undefined) throw defect(`${what} is missing`);
  return value;
}

/** A fault that no input can cause. */
export function defect(what: string): PipelineError {
  return new PipelineError('service.defect', `${what}: a defect of this program`, { retryable: false });
}
