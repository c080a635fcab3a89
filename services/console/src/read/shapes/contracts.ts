/** Topics, schemas and the doctor. */
import { z } from 'zod';
import { count, panelOf } from './values.ts';

export const findingShape = z.object({
  level: z.enum(['ok', 'warning', 'problem']),
  about: z.string(),
  fact: z.string(),
  meaning: z.string().optional(),
  remedy: z.string().optional(),
});

export const doctorShape = z.object({
  doctor: panelOf(
    z.object({
      problems: count,
      warnings: count,
      findings: z.array(findingShape),
      /** How long the examination took, and after how long another one is made when somebody asks. */
      tookSeconds: z.number(),
      freshForSeconds: z.number(),
    }),
  ),
});

export type DoctorAnswer = z.infer<typeof doctorShape>;

const partitionChange = z.object({ name: z.string(), from: count, to: count });

export const topicsShape = z.object({
  topics: panelOf(
    z.object({
      isInOrder: z.boolean(),
      /** As declared. */
      topics: z.array(
        z.object({
          name: z.string(),
          partitions: count,
          cleanupPolicy: z.enum(['delete', 'compact']),
          retentionHours: z.number().optional(),
          key: z.string(),
          value: z.string(),
          state: z.enum(['in order', 'missing', 'differs']),
        }),
      ),
      /** What "apply" would do. */
      plan: z.object({
        create: z.array(z.object({ name: z.string(), partitions: count, replicationFactor: count })),
        addPartitions: z.array(partitionChange),
        /** Declared, and not done: keys would move. */
        refused: z.array(partitionChange),
        configure: z.array(
          z.object({
            name: z.string(),
            changes: z.array(z.object({ setting: z.string(), from: z.string().optional(), to: z.string() })),
          }),
        ),
      }),
      /** With topics that the plan does not touch. */
      problems: z.array(findingShape),
    }),
  ),
});
export type TopicsAnswer = z.infer<typeof topicsShape>;

export const schemasShape = z.object({
  schemas: panelOf(
    z.object({
      /** Whether the registry has the schema of this build under each subject. */
      isInOrder: z.boolean(),
      subjects: z.array(
        z.object({
          subject: z.string(),
          state: z.enum(['registered', 'missing']),
          /** Of the schema of this build. */
          id: count.optional(),
          /** What guards its next version; absent where the registry does not tell. */
          compatibility: z.string().optional(),
        }),
      ),
    }),
  ),
});
export type SchemasAnswer = z.infer<typeof schemasShape>;
