/**
 * A patch of kafkajs 2.2.4: it puts what a broker says of a refused log-in into errors and log lines. That text is the
 * other side's, who has just been sent the password, and may repeat it.
 */
import { replaceExport, type Patch } from '../patch.ts';

interface Answer {
  readonly errorCode: number;
  readonly errorMessage: string | null;
}
interface ResponseCodec {
  decode(bytes: Buffer): Promise<Answer>;
  parse(answer: Answer): Promise<Answer>;
}

/** The versions behind take `parse` from here. */
export function dropSaslRefusals(): Patch {
  return replaceExport<ResponseCodec>('protocol/requests/saslAuthenticate/v0/response', ({ decode, parse }) => ({
    decode,
    parse: (answer) => parse({ ...answer, errorMessage: null }),
  }));
}
