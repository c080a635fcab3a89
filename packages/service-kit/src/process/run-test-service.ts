import { EventEmitter } from 'node:events';
import { createManualClock, type ManualClock } from '../clock/manual-clock.ts';
import { createLogger } from '../logs/logger.ts';
import { runService, type ServiceStack } from './lifecycle.ts';

/** Runs a service under test and records, in order, everything that it does. */
export function runTestService(start: (stack: ServiceStack, effects: string[], clock: ManualClock) => Promise<void>) {
  const effects: string[] = [];
  const lines: Record<string, unknown>[] = [];
  const signals = new EventEmitter();
  const clock = createManualClock();
  const captured = Promise.withResolvers<ServiceStack>();
  const exited = runService({
    name: 'mapper',
    logger: createLogger({
      name: 'mapper',
      level: 'info',
      destination: { write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>) },
    }),
    shutdownTimeoutMs: 20_000,
    start: (stack) => {
      captured.resolve(stack);
      return start(stack, effects, clock);
    },
    signals,
    exit: (code) => void effects.push(`exit ${code}`),
    clock,
  });
  const messages = () => lines.map(({ level, msg }) => `${String(level)}: ${String(msg)}`);
  return { effects, lines, messages, signals, clock, exited, stack: captured.promise };
}
