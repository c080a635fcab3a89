/** The delivery ledger's window against what is kept for it. Pure. */
import type { TopicDescription } from '@astrolabe/kafka';
import { formatBytes, formatDuration } from '../../core/quantities.ts';
import { ok, problem, warning, type Finding } from './finding.ts';

const ABOUT = 'delivery ledger';

type Config = TopicDescription['config'];

/** Milliseconds; undefined: unlimited. */
function retentionOf(config: Config): number | undefined {
  const retentionMs = Number(config['retention.ms'] ?? '-1');
  return retentionMs < 0 ? undefined : retentionMs;
}

/** `commandsTopic` and `deliveriesTopic` are undefined where the topic is missing, which is another finding. */
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
        `${deliveriesTopic.name} has a retention of ${formatDuration(kept)}, shorter than the window of ${window}`,
        'a dispatcher that starts without its folder does not know what was delivered before that, and delivers it again',
        setRetentionLine(deliveriesTopic.name, windowMs),
      ),
    );
  }
  if (commandsKept !== undefined && commandsKept < windowMs) {
    findings.push(
      warning(
        ABOUT,
        `${commandsTopic.name} has a retention of ${formatDuration(commandsKept)}, shorter than the window of ${window}`,
        'the ledger uses disk space for commands that no longer exist; a connector that lags longer loses commands',
        setRetentionLine(commandsTopic.name, windowMs),
      ),
    );
  }
  if (findings.length > 0) return findings;
  const reach = commandsKept === undefined ? 'unlimited' : formatDuration(commandsKept);
  const beyond =
    commandsKept === undefined || commandsKept > windowMs ? '; a replay delivers older commands again' : '';
  return [ok(ABOUT, `knows deliveries of the last ${window}; retention of commands ${reach}${beyond}`)];
}

function setRetentionLine(topic: string, retentionMs: number): string {
  return `kafka-configs.sh --bootstrap-server BROKER --alter --topic ${topic} --add-config retention.ms=${retentionMs}`;
}

/** For 10 million deliveries, the most that `docs/operating.md` names. */
const FULL_LEDGER_BYTES = 700_000_000;

export interface LedgerFolder {
  readonly path: string;
  readonly usedBytes: number;
  readonly freeBytes: number;
}

/** `folder` is undefined where it does not exist. */
export function judgeLedgerFolder(path: string, folder: LedgerFolder | undefined): Finding[] {
  if (folder === undefined) {
    // Not a warning: an operator's machine is seldom the dispatcher's.
    return [ok(ABOUT, `${path} is not on this machine; to check its disk, run this where a dispatcher runs`)];
  }
  const { usedBytes, freeBytes } = folder;
  const fact = `${formatBytes(usedBytes)} in ${path}, ${formatBytes(freeBytes)} free`;
  if (usedBytes + freeBytes >= FULL_LEDGER_BYTES) return [ok(ABOUT, fact)];
  return [
    warning(
      ABOUT,
      fact,
      `10 million deliveries need up to ${formatBytes(FULL_LEDGER_BYTES)}; a dispatcher that cannot write stops`,
      'free some space, or set DISPATCHER_LEDGER_DIRECTORY to a larger disk; the ledger is restored from Kafka',
    ),
  ];
}
