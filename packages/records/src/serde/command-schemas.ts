/** The command schemas of this build in a registry: their ids for writers, their registration for the deployment. */
import { commandKinds, type CommandKind } from '@astrolabe/schemas';
import { commandSchemas, commandTypes, subjectFor } from '@astrolabe/schemas/avro';
import { PipelineError, errorMessage } from '@astrolabe/service-kit/errors';
import type { SchemaRegistry } from '../ports/schema-registry.ts';

/** What became of one subject at registration. */
export interface AppliedSubject {
  readonly kind: CommandKind;
  readonly subject: string;
  readonly schemaId: number;
  /** False where this very schema was registered before. */
  readonly changed: boolean;
}

export interface CommandSchemaRegistry extends Pick<SchemaRegistry, 'schemaById'> {
  /**
   * Ids under which the command schemas of this build are registered for a topic. Called once, at start. Rejects
   * (final) with `registry.schema-missing`, naming every subject that lacks its schema (`missing`) and the ids of the
   * others (`registered`, by kind), or with `registry.schema-incompatible`, naming those whose latest schema this build
   * cannot read, so that it could not be registered either.
   */
  commandIds(topicName: string): Promise<ReadonlyMap<CommandKind, number>>;
  /** Registers the command schemas for a topic. Rejects with `registry.schema-incompatible` (final). */
  apply(topicName: string): Promise<readonly AppliedSubject[]>;
}

export function commandSchemasIn(registry: SchemaRegistry): CommandSchemaRegistry {
  const idOf = (kind: CommandKind, subject: string) => registry.findId(subject, textOf(kind));

  /** Why this build cannot read the latest schema of a subject; undefined where it can, or where there is none. */
  const unreadableLatest = async (kind: CommandKind, subject: string): Promise<string | undefined> => {
    const latest = await registry.latestOf(subject);
    if (latest?.kind !== 'avro') return latest?.description;
    try {
      commandTypes[kind].createResolver(latest.type);
      return undefined;
    } catch (error) {
      return errorMessage(error);
    }
  };

  return {
    commandIds: async (topicName) => {
      const ids = new Map<CommandKind, number>();
      const missing: string[] = [];
      const unreadable: string[] = [];
      for (const kind of commandKinds) {
        const subject = subjectOf(kind, topicName);
        const id = await idOf(kind, subject);
        if (id !== undefined) {
          ids.set(kind, id);
          continue;
        }
        missing.push(subject);
        const reason = await unreadableLatest(kind, subject);
        if (reason !== undefined) unreadable.push(`${subject} (${reason})`);
      }
      if (unreadable.length > 0) throw incompatible(unreadable);
      if (missing.length > 0) throw notRegistered(missing, ids);
      return ids;
    },
    apply: async (topicName) => {
      const applied: AppliedSubject[] = [];
      for (const kind of commandKinds) {
        const subject = subjectOf(kind, topicName);
        const registered = await idOf(kind, subject);
        const schemaId = await registry.register(subject, textOf(kind));
        applied.push({ kind, subject, schemaId, changed: registered === undefined });
      }
      return applied;
    },
    schemaById: (id) => registry.schemaById(id),
  };
}

function subjectOf(kind: CommandKind, topicName: string): string {
  return subjectFor(topicName, commandSchemas[kind].fullName);
}

function textOf(kind: CommandKind): string {
  return JSON.stringify(commandSchemas[kind].schema);
}

function incompatible(unreadable: readonly string[]): PipelineError {
  return new PipelineError(
    'registry.schema-incompatible',
    `the schemas of this build cannot read what is registered under ${unreadable.join(', ')}; deploy the versions in their order`,
    { retryable: false, details: { unreadable } },
  );
}

function notRegistered(missing: readonly string[], ids: ReadonlyMap<CommandKind, number>): PipelineError {
  return new PipelineError(
    'registry.schema-missing',
    `the schemas of this build are not registered under ${missing.join(', ')}; register them with "astrolabe schemas apply"`,
    { retryable: false, details: { missing, registered: Object.fromEntries(ids) } },
  );
}
