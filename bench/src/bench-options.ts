import type { GrowthOptions } from './growth/sizes.ts';

export interface BenchOptions {
  readonly rounds: number;
  /** Length of one measurement. */
  readonly seconds: number;
  readonly env: NodeJS.ProcessEnv;
  /** Lines that say what is going on. */
  readonly say: (line: string) => void;
  /** Of the bench `growth`. */
  readonly growth?: GrowthOptions | undefined;
}
