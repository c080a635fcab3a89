/** The delivery ledger's window against what is kept for it. Pure. */
import type { TopicDescription } from '@astrolabe/kafka';
import { formatDuration } from '../core/durations.ts';
import { formatBytes } from '../core/table.ts';
import { ok, problem, warning, type Finding } from './finding.ts';

const ABOUT = 'delivery ledger';

type Config = TopicDescription['config'];

/** Milliseconds; undefined for ever. */
function retentionOf(config: Config): number | undefined {
  const retentionMs = Number(config['retention.ms'] ?? '-1');
  return retentionMs < 0 ? undefined : retentionMs;
}

/** `commandsTopic` and `deliveriesTopic` are undefined where the topic is missing, which another finding tells. */
export function judgeLedgerWindow(
  windowMs: number,
  deliveriesTopic: TopicDescription | undefined,
  commandsTopic: TopicDescription | undefined,
): Finding[] {
  if (deliveriesTopic === undefined || commandsTopic === undefined) return [];
  const kept = retentionOf(deliveriesTopic.config);
  const commandsKept = retentionOf(commandsTopic.config);
  const window = formatDuration(windowMs);
  const findings: Finding[] = [];
  if (kept !== undefined && kept < windowMs) {
    findings.push(
      problem(
        ABOUT,
        `${deliveriesTopic.name} is kept ${formatDuration(kept)}, the window is ${window}`,
        'a dispatcher whose folder is lost, or a new one, forgets what was delivered before, and calls again for it',
        `kafka-configs --alter --topic ${deliveriesTopic.name} --add-config retention.ms=${windowMs}`,
      ),
    );
  }
  if (commandsKept !== undefined && commandsKept < windowMs) {
    findings.push(
      warning(
        ABOUT,
        `${commandsTopic.name} is kept ${formatDuration(commandsKept)}, the window is ${window}`,
        'the ledger remembers commands that no longer exist, at the cost of disk; a connector that lags longer loses some',
        `kafka-configs --alter --topic ${commandsTopic.name} --add-config retention.ms=${windowMs}`,
      ),
    );
  }
  if (findings.length > 0) return findings;
  const reach = commandsKept === undefined ? 'for ever' : formatDuration(commandsKept);
  const beyond =
    commandsKept === undefined || commandsKept > windowMs ? '; a replay of older ones calls for them again' : '';
  return [ok(ABOUT, `knows deliveries of the last ${window}, commands are kept ${reach}${beyond}`)];
}

/** For 10 million deliveries, the most that `docs/operating.md` names. */
const FULL_LEDGER_BYTES = 700_000_000;

export interface LedgerFolder {
  readonly path: string;
  readonly usedBytes: number;
  readonly freeBytes: number;
}

/** `folder` is undefined where it is not there. */
export function judgeLedgerFolder(path: string, folder: LedgerFolder | undefined): Finding[] {
  if (folder === undefined) {
    // Ok and no warning: an operator's machine is seldom the dispatcher's.
    return [ok(ABOUT, `${path} is not on this machine; run this where a dispatcher runs to have its disk looked at`)];
  }
  const { usedBytes, freeBytes } = folder;
  const fact = `${formatBytes(usedBytes)} in ${path}, ${formatBytes(freeBytes)} free`;
  if (usedBytes + freeBytes >= FULL_LEDGER_BYTES) return [ok(ABOUT, fact)];
  return [
    warning(
      ABOUT,
      fact,
      `10 million deliveries take up to ${formatBytes(FULL_LEDGER_BYTES)}; a dispatcher that cannot write stops`,
      'make room, or set DISPATCHER_LEDGER_DIRECTORY to a larger disk: what is lost is read from Kafka again',
    ),
  ];
}
