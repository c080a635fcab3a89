/** `astrolabe dlq export`. */
import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { exportDeadLetters, type Cluster, type SelectionRequest } from '@astrolabe/operations';
import { formatCounted } from '@astrolabe/operations/quantities';
import type { CommandContext } from '../command-context.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import type { CommonFlags } from '../flags.ts';
import { decoderFrom } from '../registry.ts';
import { selectionUsage } from './dlq-refusals.ts';

interface ExportFlags extends CommonFlags, SelectionRequest {
  readonly out?: string;
  readonly all?: boolean;
}

/** To a file or standard output. */
export async function runExport(context: CommandContext, cluster: Cluster, flags: ExportFlags): Promise<ExitCode> {
  const { clock, signal, output } = context;
  const progress = context.startProgress('export', 'dead letters');
  let file: WriteStream | undefined;
  try {
    const exported = await exportDeadLetters({
      cluster,
      request: flags,
      withDecided: flags.all === true,
      decoder: decoderFrom(context),
      clock,
      signal,
      onStart: async () => {
        file = await openNewFile(flags.out);
      },
      onLine: async (line) => {
        if (file === undefined) output.json(line);
        else if (!file.write(`${line}\n`)) await once(file, 'drain');
      },
      onProgress: progress.update,
    });
    if (exported.kind !== 'exported') throw selectionUsage(exported);
    progress.end();
    await close(file);
    if (flags.out !== undefined) printWritten(context, exported.exported, flags.out);
    return exitCodes.done;
  } finally {
    progress.end();
    await close(file);
  }
}

/** Never over an earlier export: it may have been edited. */
async function openNewFile(path: string | undefined): Promise<WriteStream | undefined> {
  if (path === undefined) return undefined;
  const file = createWriteStream(path, { flags: 'wx', mode: 0o600 });
  await once(file, 'open');
  return file;
}

async function close(file: WriteStream | undefined): Promise<void> {
  if (file === undefined || file.closed) return;
  file.end();
  await once(file, 'close');
}

function printWritten({ output }: CommandContext, exported: number, path: string): void {
  output.result({ exported, file: path }, [
    `${formatCounted(exported, 'dead letter')} written to ${path}.`,
    `Edit "event", "command" or "text" of a line; delete lines that should not be redriven. Then: astrolabe dlq redrive --from-file ${path}`,
  ]);
}
