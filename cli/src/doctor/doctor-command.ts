/** `astrolabe doctor`: what is amiss, what it means, and what to type. */
import type { Command } from 'commander';
import type { Act, CommandContext } from '../command-context.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { addClusterOption, addVerb } from '../flags.ts';
import { describeFinding, type Finding } from './finding.ts';
import { runDoctor } from './run-doctor.ts';

export function registerDoctor(program: Command, act: Act): void {
  addClusterOption(
    addVerb(program, 'doctor', 'looks at configuration, brokers, topics, registry, connectors, clock and disk', [
      'astrolabe doctor',
      'astrolabe doctor --json | jq "select(.level != \\"ok\\")"',
    ]),
  ).action(act((context) => doctor(context)));
}

async function doctor(context: CommandContext): Promise<ExitCode> {
  const { output } = context;
  const counts = { ok: 0, warning: 0, problem: 0 };
  await runDoctor(context, (finding: Finding) => {
    counts[finding.level] += 1;
    output.result(finding, describeFinding(finding));
  });
  if (!output.isJson) {
    output.result(undefined, ['', `${counts.problem} problems, ${counts.warning} warnings, ${counts.ok} in order.`]);
  }
  return counts.problem > 0 ? exitCodes.failed : exitCodes.done;
}
