/**
 * Whether the services can continue from their positions: in topics that are still the same, behind no open
 * transaction.
 */
import { abortLine, describeHold, type HoldingTransaction } from '@astrolabe/kafka';
import { resetRemedy } from '@astrolabe/records';
import { errorMessage } from '@astrolabe/service-kit/errors';
import type { Cluster, OperationRun } from '../cluster/cluster.ts';
import { readingsOf, type Reading, type ServiceGroups } from '../cluster/service-readings.ts';
import { findHolds } from '../lag/find-holds.ts';
import { findRecreated, type RecreatedPosition } from '../lag/find-recreated.ts';
import { ok, problem, warning, type Finding } from './core/finding.ts';

export async function examinePositions(run: OperationRun, cluster: Cluster, groups: ServiceGroups): Promise<Finding[]> {
  try {
    const findings: Finding[] = [];
    for (const reading of readingsOf(cluster.topics, groups)) {
      const recreated = await findRecreated(cluster, reading, run.signal);
      const held = await findHolds(run, cluster, reading.topic);
      findings.push(...judgePositions(reading, recreated, held));
    }
    return findings;
  } catch (error) {
    const meaning = 'whether the services can continue from their positions is unknown';
    return [warning('positions', errorMessage(error), meaning, 'see the findings about brokers and topics first')];
  }
}

function judgePositions(
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
        'the service stops there, because it would skip records',
        resetRemedy(groupId, topic),
      ),
    );
  }
  for (const each of held) {
    findings.push(
      problem(
        service,
        `${topic}[${each.partition}] is ${describeHold(each)}`,
        'records behind it wait until the transaction ends, at the latest when it times out',
        `stop its producer, or ${abortLine(each)}`,
      ),
    );
  }
  return findings.length > 0 ? findings : [ok(service, `can continue from its position in ${topic}`)];
}
