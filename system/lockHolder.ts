import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** The process that a lock file names. */
export interface LockHolder {
  process: number;
  host: string;
  /** Processes with equal values see each other's numbers. */
  machine: string;
}

/** This process. */
export function thisHolder(): LockHolder {
  return { process: process.pid, host: hostname(), machine: machineName() };
}

/**
 * Reads a lock file's text; undefined where it names nobody. A number alone, as earlier versions left it beside a
 * download, is a process of this machine.
 */
export function parseHolder(content: string): LockHolder | undefined {
  if (/^[1-9]\d{0,9}$/.test(content)) return { ...thisHolder(), process: Number(content) };
  try {
    const { process: id, host, machine } = JSON.parse(content) as Record<string, unknown>;
    return Number.isSafeInteger(id) && (id as number) > 0 && typeof host === 'string'
      ? { process: id as number, host, machine: String(machine) }
      : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the process runs, or ran, where its number means the same as here. */
export function isOfThisMachine(holder: LockHolder): boolean {
  return holder.machine === machineName();
}

/**
 * Whether the process still runs. Its own number is no other process: a restarted container often gives the same again.
 * @returns undefined where that cannot be known from here
 */
export function isRunning(holder: LockHolder): boolean | undefined {
  if (!isOfThisMachine(holder)) return undefined;
  if (holder.process === process.pid) return false;
  try {
    process.kill(holder.process, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** For sentences. */
export function describeHolder(holder: LockHolder | undefined): string {
  return holder === undefined ? 'another process' : `process ${holder.process} on ${holder.host}`;
}

/**
 * On Linux the running kernel and the process namespace: hosts of a cluster may share a name, and containers of a host
 * do not see each other.
 */
function machineName(): string {
  try {
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return hostname();
  }
}
