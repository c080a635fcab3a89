/** The schema registry: whether it has the schemas, guards them, and what time it has. */
import { commandKinds } from '@astrolabe/schemas';
import { commandSchemas, subjectFor } from '@astrolabe/schemas/avro';
import { errorMessage, isPipelineError } from '@astrolabe/service-kit/errors';
import { ok, problem, type Finding } from './core/finding.ts';
import { judgeCompatibility } from './core/judge-compatibility.ts';
import { judgeClock } from './core/judge-machine.ts';
import type { RegistryInspector } from './registry-inspector.ts';

export async function examineRegistry(registry: RegistryInspector, commandTopic: string): Promise<Finding[]> {
  try {
    const ids = await registry.commandIds(commandTopic);
    const subjects = commandKinds.map((kind) => subjectFor(commandTopic, commandSchemas[kind].fullName));
    const compatibility = await Promise.all(subjects.map((subject) => registry.compatibilityOf(subject)));
    const skewMs = await registry.clockSkewMs();
    return [
      ok('registry', `has all ${ids.size} command schemas`),
      ...judgeCompatibility(compatibility),
      ...(skewMs === undefined ? [] : judgeClock(skewMs, 'the registry')),
    ];
  } catch (error) {
    if (isPipelineError(error, 'registry.schema-missing')) {
      return [problem('registry', error.message, 'the mapper does not start', 'astrolabe schemas apply --execute')];
    }
    const meaning = 'running services continue with the schemas they know; none can start';
    return [
      problem('registry', errorMessage(error), meaning, 'check SCHEMA_REGISTRY_URL, its credentials and the registry'),
    ];
  }
}
