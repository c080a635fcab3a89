/** What the local stack runs, whichever way it is started. `pom.xml` holds the same versions; a test compares them. */
export const KAFKA_VERSION = '4.2.1';
export const APICURIO_VERSION = '3.0.9';

export const KAFKA_IMAGE = `apache/kafka:${KAFKA_VERSION}`;
export const APICURIO_IMAGE = `apicurio/apicurio-registry:${APICURIO_VERSION}`;

/** Kafka 4 brokers and Apicurio 3.0 run on it; Apicurio 3.3 would need Java 21. */
export const MINIMUM_JAVA_VERSION = 17;

/** Apicurio's API in Confluent's dialect. */
export const REGISTRY_API_PATH = '/apis/ccompat/v7';
