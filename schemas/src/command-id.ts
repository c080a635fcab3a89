import { hash } from 'node:crypto';
import type { CommandKind } from './generated/commands.ts';

/**
 * The id of a command: 32 lower-case hexadecimal digits, the first 128 bits of SHA-256 over a JSON array, so that no
 * choice of ids is ambiguous. The same event always gives the same id, in every instance, so repetitions are recognised
 * by it. The mapper writes it, and every reader of a command checks it.
 */
export function commandId(connectorId: string, messageId: string, kind: CommandKind): string {
  // JSON.stringify of the array, spelled out: stringifying the parts is faster, and this runs for every command.
  return hash('sha256', `[${JSON.stringify(connectorId)},${JSON.stringify(messageId)},"${kind}"]`).slice(0, 32);
}
