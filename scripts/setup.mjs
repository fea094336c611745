/**
 * Makes a fresh clone ready: dependencies, build, and a Vulkan driver that works. `npm test` and `npm run demo` call
 * it first; on a ready machine it only compares fingerprints. Needs Node and nothing else, so it imports no package.
 *
 *   node scripts/setup.mjs            do what is missing
 *   node scripts/setup.mjs --fresh    the same, but look at the graphics adapter again even if it was seen today
 *   node scripts/setup.mjs --tests    the same, and a Chromium for the tests that look at a page; without one they are
 *                                     skipped
 *   node scripts/setup.mjs --build    dependencies and build only: what `npm run rfclip` does first
 *
 * Environment: RFCLIP_CACHE_DIR moves the per-user cache; RFCLIP_NO_APT=1 never installs system packages;
 * RFCLIP_PROBE_TIMEOUT_MS is how long an adapter may take to answer; RFCLIP_CHROMIUM names the browser for tests.
 * Exit codes: 0 ready, 1 not (one message says why and what to do).
 */
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(
    `rfclip needs Node 20.19 or newer, and this is Node ${process.versions.node} (${process.execPath}): install a ` +
      `newer one from https://nodejs.org.`,
  );
  process.exit(1);
}
// Imported only now, so that an old Node reports its version and not a syntax error of the files below.
import('./setup/main.mjs').then(({ main }) => main(process.argv.slice(2)));
