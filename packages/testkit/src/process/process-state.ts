import { readFileSync } from 'node:fs';

/**
 * Whether a process still runs. A zombie does not: in a container whose first process reaps no children, an orphan that
 * has ended stays in the process table, and `kill(pid, 0)` would keep reporting it as running.
 */
export function isRunning(pid: number): boolean {
  assertProcessId(pid);
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  try {
    const [state] = statFields(readFileSync(`/proc/${pid}/stat`, 'latin1'));
    return state !== 'Z' && state !== 'X';
  } catch {
    // No /proc on this system, or the process ended since: the next call tells.
    return true;
  }
}

/** The fields of `/proc/PID/stat` that follow the process's name: its state, its parent's id and so on. */
export function statFields(stat: string): readonly string[] {
  // The name is in parentheses and may itself hold spaces and parentheses.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** Signals a process group; false when there is no such group any more. */
export function signalGroup(leaderPid: number, signal: NodeJS.Signals): boolean {
  assertProcessId(leaderPid);
  try {
    process.kill(-leaderPid, signal);
    return true;
  } catch {
    return false;
  }
}

/** To `kill`, 0 and what is below it are whole groups, the caller's own among them, which always runs. */
function assertProcessId(pid: number): void {
  if (!Number.isSafeInteger(pid) || pid <= 0) throw new RangeError(`${pid} is not the id of a process`);
}
