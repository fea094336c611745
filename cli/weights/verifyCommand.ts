import type { Command } from 'commander';
import { openCheckpoint } from '../../clip/checkpoint/openCheckpoint.ts';
import { makeConsole } from '../console.ts';
import { checkValues } from '../../weights/checkValues.ts';
import { findKnownCheckpoint, findKnownSha256 } from '../../weights/knownCheckpoints.ts';
import { resolveCheckpoint } from '../../weights/resolveCheckpoint.ts';

/** Adds `rfclip weights verify`. */
export function addVerifyCommand(weights: Command): void {
  weights
    .command('verify')
    .description('check the SHA-256 of a checkpoint against the known ones and read every value')
    .argument('<file>', 'a checkpoint file, its folder, or the name of a pulled one')
    .option('--json', 'print one JSON document and nothing else')
    .action((name: string, flags: { json?: boolean }) => {
      process.exitCode = verify(name, flags.json === true);
    });
}

function verify(name: string, json: boolean): number {
  const console = makeConsole({ json });
  const path = resolveCheckpoint(name);
  const expected = path === name ? undefined : findKnownCheckpoint(name);
  const file = openCheckpoint(path);
  try {
    const sha256 = file.sha256();
    const release = findKnownSha256(sha256);
    const wrongFile = expected?.sha256 !== undefined && expected.sha256 !== sha256;
    const check = checkValues(file);
    console.result(`SHA-256  ${sha256}`);
    if (release !== undefined) console.result(`release  ${release.publisher} ${release.name}, as published`);
    else if (wrongFile)
      console.failure(`${path} has the SHA-256 ${sha256}, expected ${expected.sha256} for ${expected.name}`);
    else
      console.result(
        expected === undefined
          ? 'release  unknown: none of the known checkpoints has this SHA-256'
          : `release  unknown: ${expected.publisher} publishes no SHA-256 for ${expected.name}`,
      );
    console.result(`values   ${check.values} in ${check.tensors} tensors read`);
    for (const { name: tensor, count } of check.notFinite)
      console.failure(`${path}: tensor ${tensor} has ${count} values that are not finite`);
    const ok = !wrongFile && check.notFinite.length === 0;
    console.result(ok ? 'all values are finite' : 'the file is NOT usable');
    console.json({ file: path, sha256, release: release?.name, ok, ...check });
    return ok ? 0 : 1;
  } finally {
    file.close();
  }
}
