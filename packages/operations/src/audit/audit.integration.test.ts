import { createKafkaAdmin, createKafkaConnection } from '@astrolabe/kafka';
import { createLogger } from '@astrolabe/service-kit';
import { eventually } from '@astrolabe/testkit';
import { hasTopic } from '../cluster/has-topic.ts';
import { auditContract } from '../testing/audit-contract.ts';
import { openBrokerCluster } from '../testing/broker-cluster.ts';

const logger = createLogger({ name: 'audit-test', level: 'silent' });

auditContract(async (t) => {
  const { cluster, env } = await openBrokerCluster(t, 'audit');
  return {
    cluster,
    removeAuditTopic: async () => {
      const brokers = env['KAFKA_BROKERS']?.split(',') ?? [];
      const admin = await createKafkaAdmin(createKafkaConnection({ brokers, clientId: 'audit-test', logger }));
      await admin.deleteTopics([cluster.topics.audit.name]);
      await admin.close();
      await eventually(async () => !(await hasTopic(cluster, cluster.topics.audit.name)), {
        timeoutMs: 15_000,
        describe: 'the end of the topic',
      });
    },
  };
});
