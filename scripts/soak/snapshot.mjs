import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** Names of files that nobody should find after a command has ended well. */
const LEFTOVER = /\.tmp$|\.part$|\.part\.json$|\.lock$|\.(new|old)$/;

/** The files below a folder, by relative path; `ignore` leaves some out. */
export function snapshot(folder, ignore = /$^/) {
  const files = existsSync(folder) ? readdirSync(folder, { recursive: true, withFileTypes: true }) : [];
  return new Map(
    files
      .filter((file) => file.isFile())
      .map((file) => join(file.parentPath ?? file.path, file.name))
      .filter((path) => !ignore.test(relative(folder, path)))
      .sort()
      .map((path) => [relative(folder, path), readFileSync(path)]),
  );
}

/** @throws an Error where two snapshots are not the same, byte for byte */
export function assertSame(found, expected, what) {
  const missing = [...expected.keys()].filter((name) => !found.has(name));
  const surplus = [...found.keys()].filter((name) => !expected.has(name));
  if (missing.length > 0) throw new Error(`${what}: ${missing.join(', ')} missing`);
  if (surplus.length > 0) throw new Error(`${what}: ${surplus.join(', ')} left over`);
  assertWhole(found, expected, what);
}

/** @throws an Error where a file that is there is not the expected one */
export function assertWhole(found, expected, what) {
  for (const [name, bytes] of found)
    if (expected.has(name) && !bytes.equals(expected.get(name)))
      throw new Error(`${what}: ${name} differs, ${bytes.length} of ${expected.get(name).length} bytes`);
}

/** @throws an Error where a temporary file or a lock lies below a folder */
export function assertNoLeftover(folder) {
  const left = [...snapshot(folder).keys()].filter((name) => LEFTOVER.test(name));
  if (left.length > 0) throw new Error(`temporary files are left: ${left.join(', ')}`);
}
