/** Replays that are not over → findings. Pure. */
import { formatCount, formatDuration } from '../../core/quantities.ts';
import type { OlderReplay } from '../../replay/core/older-replay.ts';
import type { ListedReplay } from '../../replay/list-replays.ts';
import { ok, problem, warning, type Finding } from './finding.ts';

const ABOUT = 'replays';

/** Services tell progress about once a second while they work. */
const QUIET_MS = 60_000;

export function judgeReplays(
  replays: readonly ListedReplay[],
  older: readonly OlderReplay[],
  nowMs: number,
): Finding[] {
  const open = replays.filter(({ phase }) => phase !== 'finished' && phase !== 'cancelled');
  const findings = [...open.map((replay) => judgeReplay(replay, nowMs)), ...older.flatMap(judgeOlder)];
  return findings.length > 0 ? findings : [ok(ABOUT, 'none is under way')];
}

function judgeReplay(replay: ListedReplay, nowMs: number): Finding {
  const { id, source, phase, share, isOrphan, lastActiveAtMs } = replay;
  const about = `replay ${id}`;
  if (isOrphan) {
    return problem(
      about,
      'its topic was deleted and created again',
      'its offsets are of the topic that is gone, so no service works on it',
      `astrolabe replay cancel ${id}`,
    );
  }
  const fact = `of ${source}, ${phase}, ${Math.floor(share * 100)} % done, ${formatCount(replay.report.unread)} offsets to read`;
  const quietMs = nowMs - lastActiveAtMs;
  if (phase === 'paused' || quietMs < QUIET_MS) return ok(about, fact);
  return warning(
    about,
    `${fact}; no service has told progress for ${formatDuration(quietMs)}`,
    'the services are down, of an earlier version, or have no time beside live records',
    'astrolabe lag',
  );
}

function judgeOlder(replay: OlderReplay): Finding[] {
  const about = `replay ${replay.id}`;
  if (replay.kind === 'readable' && replay.remaining === '') return [];
  const fact = replay.kind === 'readable' ? 'was started by an earlier version and is not finished' : replay.reason;
  const meaning = 'no service of this version goes on with it; what it has sent is processed';
  return [warning(about, fact, meaning, `astrolabe replay status ${replay.id}`)];
}
