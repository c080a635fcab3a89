import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import type { CommandDecoder } from '@astrolabe/records/serde';
import { offsetsIn, type Cluster } from '../cluster.ts';
import type { CommandContext } from '../command-context.ts';
import { formatCount } from '../core/table.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import type { CommonFlags } from '../flags.ts';
import { readContent, toExportLine } from './letter-text.ts';
import { readLetters, spansOfSelection, type SelectionFlags } from './letter-selection.ts';
import { readRedriveLog } from './redrive-log.ts';

export interface ExportFlags extends CommonFlags, SelectionFlags {
  readonly out?: string;
  readonly all?: boolean;
}

/** The waiting letters of a selection as NDJSON, to a file or standard output. */
export async function exportLetters(
  context: CommandContext,
  cluster: Cluster,
  decoder: CommandDecoder | undefined,
  flags: ExportFlags,
): Promise<ExitCode> {
  const { clock, signal, output } = context;
  const redrives = await readRedriveLog(cluster, signal, clock.nowMs());
  const selection = await spansOfSelection(cluster, flags, clock.nowMs());
  const total = offsetsIn(selection.flatMap(({ spans }) => spans));
  // Never over an earlier export: it may have been edited.
  const file = flags.out === undefined ? undefined : createWriteStream(flags.out, { flags: 'wx', mode: 0o600 });
  if (file !== undefined) await once(file, 'open');
  const progress = context.startProgress('export', 'dead letters');
  let read = 0;
  let exported = 0;
  try {
    await readLetters(cluster, selection, flags, signal, async (letters, records) => {
      for (const letter of letters) {
        if (flags.all !== true && redrives.stateOf(letter.record) !== 'waiting') continue;
        const line = toExportLine(letter, await readContent(letter, decoder));
        exported += 1;
        if (file === undefined) output.json(line);
        else if (!file.write(`${line}\n`)) await once(file, 'drain');
      }
      progress.update((read += records), { total });
    });
  } finally {
    progress.end();
    if (file !== undefined) {
      file.end();
      await once(file, 'close');
    }
  }
  if (flags.out !== undefined) {
    output.result({ exported, file: flags.out }, [
      `${formatCount(exported)} dead letters were written to ${flags.out}.`,
      `Edit "event", "command" or "text" of a line, delete lines that are to stay; then: astrolabe dlq redrive --from-file ${flags.out}`,
    ]);
  }
  return exitCodes.done;
}
