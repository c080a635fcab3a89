/**
 * All patches of kafkajs 2.2.4, which has had no release since 2023, applied to the loaded modules in one order, so
 * that they hold however the dependency was installed (docs/adr/0003-kafkajs-behind-ports.md). Nothing that this module
 * imports may load kafkajs as a whole: `patches-in-use.test.ts` looks for each patch where kafkajs uses it.
 */
import { createRequire } from 'node:module';
import { PipelineError, errorMessage } from '@astrolabe/service-kit/errors';
import {
  bindCommitsToTheirGeneration,
  groupInLinearTime,
  keepSockets,
  stopAtLostOffsets,
} from './behaviour-patches.ts';
import { queueByMonotonicClock, sendByMonotonicClock } from './clock-patches.ts';
import { keepCoordinatorRefusals } from './patch-coordinator-refusals.ts';
import { splitBrokerAddresses } from './patch-broker-addresses.ts';
import { leaveDeadSockets } from './patch-dead-sockets.ts';
import { decodeFetchesWithinBounds } from './patch-fetch-decoding.ts';
import { gatherSmallFetches } from './patch-fetch-pace.ts';
import { joinWhereCommitsAreRefused, joinWhileWorking, tellGeneration } from './patch-group-joins.ts';
import { holdRequestsDuringLogin, renewSessionsInTime } from './login/patch-login.ts';
import { dropSaslRefusals } from './login/patch-sasl-refusal.ts';
import { nameMembers } from './patch-static-members.ts';
import { tellTransactionRefusals } from './patch-transaction-refusals.ts';
import { countAnsweredConnections } from './patch-unanswered-connections.ts';
import type { Patch } from './patch.ts';
import { encodeProduceRequests, frameRequests } from './speed-patches.ts';

const require = createRequire(import.meta.url);

/** The version that the patches were made for, and that they are tested with. */
const VERSION = '2.2.4';

function isPatchableVersion(): Patch {
  const { version } = require('kafkajs/package.json') as { version: string };
  return { name: `version ${VERSION}, found ${version}`, isInEffect: () => version === VERSION };
}

/** Exports first: loading a class loads the modules around it, which take the exports that they use. */
export const patches: readonly Patch[] = [
  isPatchableVersion,
  frameRequests,
  encodeProduceRequests,
  decodeFetchesWithinBounds,
  gatherSmallFetches,
  dropSaslRefusals,
  splitBrokerAddresses,
  tellTransactionRefusals,
  groupInLinearTime,
  queueByMonotonicClock,
  sendByMonotonicClock,
  holdRequestsDuringLogin,
  renewSessionsInTime,
  leaveDeadSockets,
  keepSockets,
  countAnsweredConnections,
  keepCoordinatorRefusals,
  stopAtLostOffsets,
  nameMembers,
  tellGeneration,
  joinWhileWorking,
  joinWhereCommitsAreRefused,
  bindCommitsToTheirGeneration,
].map(apply);

function apply(patch: () => Patch): Patch {
  try {
    return patch();
  } catch (error) {
    return { name: `${patch.name} (${errorMessage(error)})`, isInEffect: () => false };
  }
}

/**
 * Throws `kafka.patch-missing` unless kafkajs uses every patch. To be called before a client is created: without the
 * patches it silently loses records.
 */
export function assertPatchesInEffect(): void {
  const missing = patches.filter((patch) => !patch.isInEffect()).map(({ name }) => name);
  if (missing.length === 0) return;
  throw new PipelineError(
    'kafka.patch-missing',
    `kafkajs does not use our patches of ${missing.join('; ')}: it was loaded before this package, or is not version ${VERSION}`,
    { retryable: false, details: { missing } },
  );
}
