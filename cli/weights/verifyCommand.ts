import type { Command } from 'commander';
import { verifyCheckpoint } from '../../weights/verifyCheckpoint.ts';
import { makeConsole } from '../console.ts';
import { addPrefixFlag } from '../modelFlags.ts';
import { counted } from '../../system/counted.ts';

/** Adds `rfclip weights verify`. */
export function addVerifyCommand(weights: Command): void {
  const command = weights
    .command('verify')
    .description('check the SHA-256 of a checkpoint against the known ones and read every value')
    .argument('<file>', 'a checkpoint file, its folder, or the name of a pulled one')
    .option('--json', 'print one JSON document and nothing else');
  addPrefixFlag(command).action((name: string, flags: { prefix?: string; json?: boolean }) => {
    process.exitCode = verify(name, flags);
  });
}

function verify(name: string, flags: { prefix?: string; json?: boolean }): number {
  const console = makeConsole({ json: flags.json === true });
  const { path, sha256, release, expected, wrongFile, values, notes, ok } = verifyCheckpoint(name, flags);
  for (const note of notes) console.note(`note: ${note}`);
  console.result(`SHA-256  ${sha256}`);
  if (release !== undefined) console.result(`release  ${release.publisher} ${release.name}, as published`);
  else if (wrongFile)
    console.failure(`${path} has the SHA-256 ${sha256}, expected ${expected?.sha256} for ${expected?.name}`);
  else
    console.result(
      expected === undefined
        ? 'release  unknown: none of the known checkpoints has this SHA-256'
        : `release  unknown: ${expected.publisher} publishes no SHA-256 for ${expected.name}`,
    );
  console.result(`values   ${values.values} in ${counted(values.tensors, 'tensor')} read`);
  for (const { name: tensor, count } of values.notFinite)
    console.failure(`${path}: tensor ${tensor} has ${counted(count, 'value that is', 'values that are')} not finite`);
  console.result(ok ? 'all values are finite' : 'the file is NOT usable');
  console.json({ file: path, sha256, release: release?.name, ok, ...values });
  return ok ? 0 : 1;
}
