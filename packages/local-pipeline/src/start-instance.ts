/** One process of the pipeline: started with its log in the data folder, and owned by it. */
import { join } from 'node:path';
import type { DataFolder } from './data-folder.ts';
import { openLogFile } from './log-file.ts';
import type { OwnedParts } from './owned-parts.ts';
import type { Variables } from './pipeline-environment.ts';
import { SupervisedService } from './supervised-service.ts';

const entries = {
  ingest: new URL('../../../services/ingest/src/main.ts', import.meta.url),
  mapper: new URL('../../../services/mapper/src/main.ts', import.meta.url),
  dispatcher: new URL('../../../services/dispatcher/src/main.ts', import.meta.url),
  console: new URL('../../../services/console/src/main.ts', import.meta.url),
  astrolabe: new URL('../../../reference/astrolabe-api/src/main.ts', import.meta.url),
} as const;
export type ProcessName = keyof typeof entries;

/** In the order of closing: first those that hold work, then what they work with. */
export const stages = { services: 0, astrolabe: 1, stack: 2 } as const;

export interface InstancesOptions {
  readonly folder: DataFolder;
  /** Configuration beyond what the pipeline itself sets. */
  readonly variables?: Readonly<Partial<Record<ProcessName, Variables>>>;
  /** Called when a process ends that nobody ended; the text says which, how, and where its log is. */
  readonly onUnexpectedEnd?: (what: string) => void;
}

export interface InstanceOptions {
  readonly stage: number;
  readonly name: string;
  readonly service: ProcessName;
  readonly env: Variables;
  readonly portVariable?: string;
  /** As `SupervisedService` has it. */
  readonly keepsAdminPort?: boolean;
}

/** Resolves when it serves. An end that nobody asked for is told from then on; before, it is this call's failure. */
export function startInstance(
  { folder, variables = {}, onUnexpectedEnd }: InstancesOptions,
  owned: OwnedParts,
  { stage, name, service, env, ...ports }: InstanceOptions,
): Promise<SupervisedService> {
  const log = openLogFile(join(folder.logs, `${name}.log`));
  const instance = new SupervisedService({
    name,
    entry: entries[service],
    env: { ...env, ...variables[service] },
    onLine: (line) => log.append(line),
    onEnd: ({ end, process }) => {
      if (end !== 'crashed' || !hasServed) return;
      const { code = null, signal = null } = process.exit ?? {};
      onUnexpectedEnd?.(`${name} ended (${signal ?? `exit code ${code}`}); its log: ${log.path}`);
    },
    ...ports,
  });
  let hasServed = false;
  return owned.start(
    stage,
    async () => {
      try {
        await instance.start();
        hasServed = true;
        return instance;
      } catch (error) {
        await log.close();
        throw error;
      }
    },
    async () => {
      await instance.close();
      await log.close();
    },
  );
}
