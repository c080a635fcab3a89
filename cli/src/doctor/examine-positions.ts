/** Whether the services can go on where they stand: in topics that are still the same, behind no open transaction. */
import { abortLine, describeHold, type HoldingTransaction } from '@astrolabe/kafka';
import { resetRemedy } from '@astrolabe/records';
import { readConfig } from '@astrolabe/service-kit';
import { errorMessage } from '@astrolabe/service-kit/errors';
import { openCluster } from '../cluster.ts';
import type { CommandContext } from '../command-context.ts';
import { lagConfig } from '../config.ts';
import { findHolds } from '../lag/find-holds.ts';
import { findRecreated, type RecreatedPosition } from '../lag/find-recreated.ts';
import { readingsOf, type Reading } from '../lag/measure-lag.ts';
import { ok, problem, warning, type Finding } from './finding.ts';

export async function examinePositions(context: CommandContext): Promise<Finding[]> {
  const { env, signal } = context;
  try {
    const config = readConfig(lagConfig, env);
    const cluster = await openCluster(config, context);
    try {
      const findings: Finding[] = [];
      for (const reading of readingsOf(config, cluster.topics)) {
        const recreated = await findRecreated(cluster, reading, signal);
        const held = await findHolds(context, cluster, reading.topic);
        findings.push(...judgePositions(reading, recreated, held));
      }
      return findings;
    } finally {
      await cluster.close();
    }
  } catch (error) {
    const meaning = 'whether the services can go on where they stand is not known';
    return [warning('positions', errorMessage(error), meaning, 'see the findings about brokers and topics first')];
  }
}

/** Pure. */
export function judgePositions(
  { service, groupId, topic }: Reading,
  recreated: readonly RecreatedPosition[],
  held: readonly HoldingTransaction[],
): Finding[] {
  const findings: Finding[] = [];
  const [first] = recreated;
  if (first !== undefined) {
    const partitions = recreated.map(({ partition }) => partition).join(', ');
    findings.push(
      problem(
        service,
        `${topic} was deleted and created again: the position of partitions ${partitions} is of topic id ${first.storedId}, not ${first.currentId}`,
        'the service does not go on, since it would skip records',
        resetRemedy(groupId, topic),
      ),
    );
  }
  for (const each of held) {
    findings.push(
      problem(
        service,
        `${topic}[${each.partition}] is ${describeHold(each)}`,
        'records behind it wait until the transaction ends; its time-out ends it at the latest',
        `end its producer, or ${abortLine(each)}`,
      ),
    );
  }
  return findings.length > 0 ? findings : [ok(service, `can go on where it stands in ${topic}`)];
}
