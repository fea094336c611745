import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Command, Option } from 'commander';
import { openCheckpoint } from '../../clip/checkpoint/openCheckpoint.ts';
import { counted } from '../../system/counted.ts';
import { isFolder } from '../../system/fileKinds.ts';
import { checkOutputs } from '../../system/outputGate.ts';
import { makeConsole } from '../console.ts';
import { addPrefixFlag, OVERWRITE } from '../modelFlags.ts';
import { architectureMetadata } from '../../weights/architectureMetadata.ts';
import { checkpointNotes } from '../../weights/checkpointNotes.ts';
import { convertCheckpoint } from '../../weights/convertCheckpoint.ts';
import { resolveCheckpoint } from '../../weights/resolveCheckpoint.ts';

/** Adds `rfclip weights convert`. */
export function addConvertCommand(weights: Command): void {
  const command = weights
    .command('convert')
    .description("write a checkpoint as one safetensors file with OpenAI's tensor names")
    .argument('<in>', 'a checkpoint file, its folder, or the name of a pulled one')
    .argument('<out>', 'the safetensors file to write')
    .addOption(
      new Option('--dtype <type>', 'element type of all weights (default: as they are)').choices(['f16', 'f32']),
    )
    .option(...OVERWRITE)
    .option('--json', 'print one JSON document and nothing else');
  addPrefixFlag(command).action(
    (
      name: string,
      out: string,
      flags: { dtype?: 'f16' | 'f32'; prefix?: string; overwrite?: boolean; json?: boolean },
    ) => {
      const console = makeConsole({ json: flags.json === true });
      const source = resolveCheckpoint(name);
      checkOutputs({ files: [out], inputs: filesOf(source), overwrite: flags.overwrite });
      const file = openCheckpoint(source, flags);
      try {
        for (const note of checkpointNotes(file)) console.note(`note: ${note}`);
        const dtype = flags.dtype === undefined ? undefined : flags.dtype === 'f16' ? 'F16' : 'F32';
        const result = convertCheckpoint(file, out, {
          dtype,
          metadata: { ...architectureMetadata(file), source_sha256: file.sha256() },
        });
        console.result(`${out}: ${counted(result.tensors, 'tensor')}, ${(result.bytes / 1e6).toFixed(1)} MB`);
        console.json({ file: out, ...result });
      } finally {
        file.close();
      }
    },
  );
}

/** What a checkpoint may consist of: the file; of a folder or an index of shards, all files there. */
function filesOf(source: string): string[] {
  const folder = isFolder(source) ? source : source.endsWith('.json') ? dirname(source) : undefined;
  return folder === undefined || !existsSync(source) ? [source] : readdirSync(folder).map((name) => join(folder, name));
}
