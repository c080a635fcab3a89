/**
 * Apicurio's SQL storage in an H2 file, or its default, H2 in memory. Not its storage in Kafka: that one can start only
 * when the broker runs, and then takes ten seconds where this takes three beside the broker's own start.
 *
 * `dataDirectory` is an absolute path as the registry sees it.
 */
export function registryStorage(dataDirectory: string | undefined): Readonly<Record<string, string>> {
  const pool = { 'apicurio.datasource.jdbc.initial-size': '1', 'apicurio.datasource.jdbc.min-size': '1' };
  if (dataDirectory === undefined) return pool;
  // Without WRITE_DELAY=0, what was written in the last half second is lost when the process is killed.
  return { ...pool, 'apicurio.datasource.url': `jdbc:h2:file:${dataDirectory}/registry;WRITE_DELAY=0` };
}
