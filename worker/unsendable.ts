import { RfclipError } from '../engine/errors.ts';
import { describe } from '../library/describe.ts';
import type { WorkerCall } from './messages.ts';

/**
 * What is said of a call that cannot be sent to a worker: names the first part that structured cloning refuses.
 * @param cause what `postMessage` threw
 */
export function unsendable(asked: WorkerCall, cause: unknown): RfclipError {
  const { options = {}, ...parts } = asked as { options?: object };
  const found = refused(options, 'the option ') ?? refused(parts, 'the ');
  const code = 'RFCLIP-OPTIONS';
  if (found === undefined)
    return new RfclipError(`the call ${asked.call} cannot be sent to a worker: ${reasonOf(cause)}`, { code, cause });
  const { subject, path, value } = found;
  const problem =
    typeof value === 'function'
      ? 'is a function, which cannot be sent to a worker'
      : `is ${describe(value)}, which cannot be sent to a worker (${reasonOf(cause)})`;
  return new RfclipError(`${subject}${path} ${problem}`, {
    code,
    where: path,
    fix: 'give data only: a method by its name, and no device; what has functions works without a worker',
    cause,
  });
}

/** The innermost part that cannot be cloned, and where it is. */
function refused(
  parts: object,
  subject: string,
  before: string[] = [],
): { subject: string; path: string; value: unknown } | undefined {
  for (const [name, value] of Object.entries(parts)) {
    if (isSendable(value)) continue;
    const path = [...before, name];
    const isPlain = Array.isArray(value) || Object.getPrototypeOf(Object(value)) === Object.prototype;
    const inside = isPlain ? refused(value as object, subject, path) : undefined;
    return inside ?? { subject, path: path.join('.'), value };
  }
  return undefined;
}

function isSendable(value: unknown): boolean {
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message.replace(/\.$/, '') : String(cause);
}
