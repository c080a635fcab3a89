/**
 * A decoder for who shows commands: where the registry is away, they are shown as bytes, at once, and nothing waits for
 * it.
 */
import type { CommandDecoder, DecodedCommand } from '@astrolabe/records/serde';
import type { Clock } from '@astrolabe/service-kit/clock';
import { errorMessage } from '@astrolabe/service-kit/errors';

/** So long after a failure the registry is not asked. */
const PAUSE_MS = 10_000;

export function createLenientDecoder(decoder: CommandDecoder, clock: Pick<Clock, 'monotonicMs'>): CommandDecoder {
  let failure: { readonly reason: string; readonly untilMs: number } | undefined;
  const failed = (error: unknown): DecodedCommand => {
    const reason = errorMessage(error);
    failure = { reason, untilMs: clock.monotonicMs() + PAUSE_MS };
    return undecodable(reason);
  };
  return {
    decode: (value) => {
      if (failure !== undefined && clock.monotonicMs() < failure.untilMs) return undecodable(failure.reason);
      const decoded = decoder.decode(value);
      if (!(decoded instanceof Promise)) return decoded;
      return decoded.then((command) => {
        failure = undefined;
        return command;
      }, failed);
    },
  };
}

function undecodable(reason: string): DecodedCommand {
  return { kind: 'undecodable', code: 'command.unknown-schema', reason };
}
