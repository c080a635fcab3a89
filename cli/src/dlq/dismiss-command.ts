/** `astrolabe dlq dismiss`. */
import { auditedDismissal, previewDismissal, type Cluster } from '@astrolabe/operations';
import { formatCounted } from '@astrolabe/operations/quantities';
import { withAuditor } from '../audit/audited.ts';
import { isAgreed, type CommandContext } from '../command-context.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import type { ChangeFlags } from '../flags.ts';
import { noteCauses, planFromFlags, takenOver, type DecisionFlags } from './plan-from-flags.ts';

interface DismissFlags extends ChangeFlags, Omit<DecisionFlags, 'asTrusted'> {
  readonly reason?: string;
  readonly dryRun?: boolean;
}

export async function runDismiss(context: CommandContext, cluster: Cluster, flags: DismissFlags): Promise<ExitCode> {
  const { clock, signal, output } = context;
  const { plan, request } = await planFromFlags(cluster, flags, clock.nowMs());
  const reading = context.startProgress('reading', 'dead letters');
  const preview = await previewDismissal({ cluster, plan, clock, signal, onProgress: reading.update }).finally(
    reading.end,
  );
  noteCauses(context, preview.causes);
  const { waiting } = preview;
  if (flags.dryRun === true || waiting === 0) {
    output.result({ dryRun: flags.dryRun === true, waiting }, [
      waiting === 0 ? 'No waiting dead letter is selected.' : 'Nothing was changed.',
    ]);
    return exitCodes.done;
  }
  const question = `Dismiss ${formatCounted(waiting, 'dead letter')}? They are kept on their topic and not offered again.`;
  if (!(await isAgreed(context, flags, question))) return exitCodes.failed;
  const dismissing = context.startProgress('dismiss', 'dead letters');
  const { reason } = flags;
  const options = { cluster, plan, reason, clock, signal, onProgress: dismissing.update };
  const outcome = await withAuditor(context, cluster, (auditor) => auditedDismissal(auditor, request, options)).finally(
    dismissing.end,
  );
  if (outcome.kind === 'taken-over') throw takenOver();
  const { redriveId, dismissed } = outcome;
  output.result({ redriveId, dismissed }, [`${formatCounted(dismissed, 'dead letter')} dismissed (${redriveId}).`]);
  return exitCodes.done;
}
