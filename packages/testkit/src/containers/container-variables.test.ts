import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brokerContainerVariables, registryContainerVariables } from './container-variables.ts';

test('a broker in a container tells clients the outer address and calls itself by an inner one', () => {
  const variables = brokerContainerVariables({
    clientPort: 9092,
    advertised: { host: '127.0.0.1', port: 20_001 },
    logDirectory: '/var/lib/kafka/data',
  });
  assert.equal(
    variables['KAFKA_LISTENERS'],
    'CLIENT://0.0.0.0:9092,INTERNAL://localhost:19092,CONTROLLER://localhost:19093',
  );
  assert.equal(variables['KAFKA_ADVERTISED_LISTENERS'], 'CLIENT://127.0.0.1:20001,INTERNAL://localhost:19092');
  assert.equal(variables['KAFKA_INTER_BROKER_LISTENER_NAME'], 'INTERNAL');
  assert.equal(variables['KAFKA_CONTROLLER_QUORUM_VOTERS'], '1@localhost:19093');
  assert.equal(variables['KAFKA_LOG_DIRS'], '/var/lib/kafka/data');
});

test('a registry in a container writes to a file only where data is kept', () => {
  const kept = registryContainerVariables({ port: 8080, dataDirectory: '/var/lib/registry' });
  assert.equal(kept['QUARKUS_HTTP_PORT'], '8080');
  assert.equal(kept['APICURIO_DATASOURCE_URL'], 'jdbc:h2:file:/var/lib/registry/registry;WRITE_DELAY=0');
  assert.equal(kept['APICURIO_DATASOURCE_JDBC_INITIAL_SIZE'], '1');
  assert.equal(
    registryContainerVariables({ port: 8080, dataDirectory: undefined })['APICURIO_DATASOURCE_URL'],
    undefined,
  );
});
