/** A token of AWS IAM for Amazon MSK, signed by the package that AWS maintains for that. */
import { PipelineError, errorMessage } from '@astrolabe/service-kit/errors';
import type { FetchToken } from './token-source.ts';

/** As much of `aws-msk-iam-sasl-signer-js` as is used. */
export interface MskSigner {
  generateAuthToken(options: { readonly region: string }): Promise<{
    readonly token: string;
    readonly expiryTime: number;
  }>;
}

/** Installed by those who use it only: with AWS's client libraries it takes 29 MB. */
const SIGNER = 'aws-msk-iam-sasl-signer-js';

/** `load` is for tests. */
export function fetchByMskIam(
  region: string,
  load: () => Promise<MskSigner> = async () => (await import(SIGNER)) as MskSigner,
): FetchToken {
  let signer: Promise<MskSigner> | undefined;
  return async () => {
    const { generateAuthToken } = await (signer ??= loadOrTell(load));
    try {
      const { token, expiryTime } = await generateAuthToken({ region });
      return { value: token, expiresAtMs: expiryTime };
    } catch (error) {
      const message = `no token for the brokers could be signed: ${errorMessage(error)}; check the AWS credentials of this process`;
      throw new PipelineError('kafka.token-unavailable', message, { retryable: true, cause: error });
    }
  };
}

async function loadOrTell(load: () => Promise<MskSigner>): Promise<MskSigner> {
  try {
    return await load();
  } catch (error) {
    const message = `KAFKA_SASL_MECHANISM=aws-msk-iam needs the package ${SIGNER}: run "npm install ${SIGNER}"`;
    throw new PipelineError('config.invalid', message, { retryable: false, cause: error });
  }
}
