/** Making topics and schemas as this build declares them. */
import { auditedSchemasApply, auditedTopicsApply, checkTopics } from '@astrolabe/operations';
import type { Route } from '../../routes/route.ts';
import { auditorOf, type ActionContext } from './action-context.ts';
import { noBody, schemasAppliedAnswer, topicsAppliedAnswer } from './shapes.ts';

export function contractRoutes(context: ActionContext): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/topics/apply',
      role: 'admin',
      action: 'apply-topics',
      summary: 'Creates topics, adds partitions and sets configuration; deletes and shrinks nothing',
      body: noBody,
      answer: topicsAppliedAnswer,
      handle: async ({ caller }) => {
        const { topics: settings } = context;
        const cluster = await context.cluster();
        const { plan } = await checkTopics(cluster, settings);
        const openAuditor = () => auditorOf(context, caller);
        const { isInOrder, problems } = await auditedTopicsApply({ cluster, plan, settings, openAuditor });
        const changed = [...plan.addPartitions, ...plan.configure].map(({ name }) => name);
        return {
          kind: 'json',
          body: {
            isInOrder,
            created: plan.create.map(({ name }) => name),
            changed: [...new Set(changed)],
            problems: [...problems],
          },
        };
      },
    },
    {
      method: 'POST',
      path: '/schemas/apply',
      role: 'admin',
      action: 'apply-schemas',
      summary: 'Registers the command schemas of this build',
      body: noBody,
      answer: schemasAppliedAnswer,
      handle: async ({ caller }) => {
        const topic = (await context.cluster()).topics.commands.name;
        const applied = await auditedSchemasApply(await auditorOf(context, caller), context.registry, topic);
        const subjects = applied.map(({ subject, schemaId, changed }) => ({ subject, id: schemaId, changed }));
        return { kind: 'json', body: { subjects } };
      },
    },
  ];
}
