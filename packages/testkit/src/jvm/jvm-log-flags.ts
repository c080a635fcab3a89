/** A broker's log holds what went wrong; its INFO lines alone would be megabytes in a day. */
export const LOG_FLAGS = [
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
  '-Dorg.slf4j.simpleLogger.showDateTime=true',
  '-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd HH:mm:ss.SSS',
] as const;
