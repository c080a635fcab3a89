/**
 * A patch of kafkajs 2.2.4: where a broker refuses one partition of a transaction it says of all others that they were
 * not attempted, and kafkajs reports whichever comes first. The refusal itself is reported here, with its topics.
 */
import { createRequire } from 'node:module';
import { replaceExport, type Patch } from './patch.ts';

const require = createRequire(import.meta.url);

interface Answer {
  readonly errors: readonly {
    readonly topic: string;
    readonly partitionErrors: readonly { readonly errorCode: number }[];
  }[];
}
interface ResponseCodec {
  decode(bytes: Buffer): Promise<Answer>;
  parse(answer: Answer): Promise<Answer>;
}

/** Of an error that a broker has given for some topics of a request. */
export interface TopicsOfError {
  readonly refusedTopics: readonly string[];
}

const OPERATION_NOT_ATTEMPTED = 55;

/** The version behind takes `parse` from here. */
export function tellTransactionRefusals(): Patch {
  return replaceExport<ResponseCodec>('protocol/requests/addPartitionsToTxn/v0/response', ({ decode }) => ({
    decode,
    parse: async (answer) => {
      const failures = answer.errors.flatMap(({ topic, partitionErrors }) =>
        partitionErrors.filter(({ errorCode }) => errorCode !== 0).map(({ errorCode }) => ({ topic, errorCode })),
      );
      const [first] = failures;
      if (first === undefined) return answer;
      const { errorCode } = failures.find((failure) => failure.errorCode !== OPERATION_NOT_ATTEMPTED) ?? first;
      const topics = new Set(failures.filter((failure) => failure.errorCode === errorCode).map(({ topic }) => topic));
      const { createErrorFromCode } = require('kafkajs/src/protocol/error') as {
        createErrorFromCode(code: number): Error;
      };
      throw Object.assign(createErrorFromCode(errorCode), { refusedTopics: [...topics] } satisfies TopicsOfError);
    },
  }));
}
