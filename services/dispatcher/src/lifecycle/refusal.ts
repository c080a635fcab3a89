import type { DeadLetterCause } from '@astrolabe/records';
import type { ErrorCode } from '@astrolabe/service-kit/errors';
import { firstAttemptAtMs, type Attempts } from './in-flight-command.ts';

/** Why no call can help a command, as its dead letter tells it. */
export type Refusal = Omit<DeadLetterCause, 'group' | 'atMs'>;

export function toRefusal(
  {
    code,
    message,
    status,
  }: { readonly code: ErrorCode; readonly message: string; readonly status: number | undefined },
  attempts: Attempts | undefined,
): Refusal {
  return {
    code,
    message,
    ...(status === undefined ? {} : { status }),
    ...(attempts === undefined
      ? {}
      : {
          deliveryCount: attempts.count,
          firstAttemptAtMs: firstAttemptAtMs(attempts),
          lastAttemptAtMs: attempts.last.atMs,
        }),
  };
}
