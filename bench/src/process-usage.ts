/** What another process of this machine uses: from /proc on Linux, from `ps` elsewhere. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { statFields } from '@astrolabe/testkit';

const run = promisify(execFile);

export interface ProcessUsage {
  /** User and system time since it started. NaN where only Linux would tell. */
  readonly cpuMs: number;
  readonly residentMb: number;
}

export async function readProcessUsage(pid: number): Promise<ProcessUsage> {
  if (process.platform !== 'linux') {
    const { stdout } = await run('ps', ['-o', 'rss=', '-p', String(pid)]);
    return { cpuMs: Number.NaN, residentMb: Number(stdout) / 1024 };
  }
  const [stat, status] = await Promise.all(['stat', 'status'].map((file) => readFile(`/proc/${pid}/${file}`, 'utf8')));
  return { cpuMs: parseCpuMs(stat ?? ''), residentMb: parseResidentMb(status ?? '') };
}

/** The unit of /proc's times is 10 ms on every Linux that Node runs on. */
const TICK_MS = 10;

/** Of /proc/PID/stat: user and system time are the 12th and 13th field after the process's name. */
export function parseCpuMs(stat: string): number {
  const fields = statFields(stat);
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/** Of /proc/PID/status. */
export function parseResidentMb(status: string): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}

/** Time for which the processors of the machine have worked, interrupts included. NaN where only Linux would tell. */
export async function readMachineBusyMs(): Promise<number> {
  return process.platform === 'linux' ? parseBusyMs(await readFile('/proc/stat', 'utf8')) : Number.NaN;
}

/** Of /proc/stat, whose first times are: user, nice, system, idle, waiting for I/O, interrupts, soft interrupts. */
export function parseBusyMs(stat: string): number {
  const [user = 0, nice = 0, system = 0, , , interrupts = 0, softInterrupts = 0] = (
    /^cpu +(.*)$/m.exec(stat)?.[1] ?? ''
  )
    .split(' ')
    .map(Number);
  return (user + nice + system + interrupts + softInterrupts) * TICK_MS;
}
