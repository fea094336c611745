import { closeSync, constants, fstatSync, openSync, readFileSync, readlinkSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

const DESCRIPTOR = 2;
const OPENED = `/proc/self/fd/${DESCRIPTOR}`;

/** What Node is waiting for that opens no file, and so cannot take a descriptor that is free for a moment. */
const OPENS_NOTHING =
  /^(Timeout|Immediate|TTYWrap|PipeWrap|TCPSocketWrap|TCPServerWrap|TickObject|SignalWrap|ProcessWrap|CloseReq)$/;

/**
 * Runs a synchronous call during which Dawn's own lines on standard error go nowhere: at the first look at an adapter,
 * it warns of limits that the driver offers and that nobody asked for, and no switch turns that off. Descriptor 2 leads
 * to /dev/null meanwhile, and afterwards where it led before.
 *
 * The call runs as it is where that cannot be undone without a trace (a socket, as between Node and its child, and a
 * file that is not appended to: neither can be opened a second time to the same effect), where another thread may be
 * opening a file, and on other systems than Linux, whose drivers give no cause. With `keep`, too.
 */
export function withoutDawnWarnings<Result>(keep: boolean, call: () => Result): Result {
  const spare = keep || process.platform !== 'linux' || !isAlone() ? undefined : openAgain(OPENED);
  if (spare === undefined) return call();
  try {
    lead('/dev/null', constants.O_WRONLY);
    try {
      return call();
    } finally {
      lead(`/proc/self/fd/${spare}`, flagsFor(spare));
    }
  } finally {
    closeSync(spare);
  }
}

/** Whether nobody else in this process opens a file at the moment. */
function isAlone(): boolean {
  return isMainThread && process.getActiveResourcesInfo().every((name) => OPENS_NOTHING.test(name));
}

/** A second way to where descriptor 2 leads; undefined where there is none that does the same, or no need of one. */
function openAgain(path: string): number | undefined {
  try {
    if (readlinkSync(path) === '/dev/null') return undefined;
    const status = fstatSync(DESCRIPTOR);
    if (!status.isCharacterDevice() && !status.isFIFO() && !(status.isFile() && appends())) return undefined;
    return openSync(path, flagsFor(DESCRIPTOR));
  } catch {
    return undefined;
  }
}

/** A pipe whose reader has gone away would be waited for without O_NONBLOCK. */
function flagsFor(descriptor: number): number {
  const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_NOCTTY;
  return fstatSync(descriptor).isFIFO() ? flags | constants.O_NONBLOCK : flags;
}

function appends(): boolean {
  const [, flags] = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${DESCRIPTOR}`, 'utf8'))!;
  return (Number.parseInt(flags, 8) & constants.O_APPEND) !== 0;
}

/** Points descriptor 2 at a file: the lowest free descriptor is taken, which is the one just closed. */
function lead(path: string, flags: number): void {
  closeSync(DESCRIPTOR);
  try {
    openSync(path, flags);
  } catch {
    // The reader of a pipe went away; what is written there arrives nowhere in any case.
    openSync('/dev/null', constants.O_WRONLY);
  }
}
