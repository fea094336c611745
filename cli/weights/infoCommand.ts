import type { Command } from 'commander';
import { openCheckpoint } from '../../clip/checkpoint/openCheckpoint.ts';
import { describeConfig } from '../../clip/config.ts';
import { makeConsole } from '../console.ts';
import { type CheckpointDescription, describeCheckpoint } from '../../weights/describeCheckpoint.ts';
import { resolveCheckpoint } from '../../weights/resolveCheckpoint.ts';

/** Adds `rfclip weights info`. */
export function addInfoCommand(weights: Command): void {
  weights
    .command('info')
    .description('what a checkpoint is: architecture, parameters, element types, format, names, distraction dimensions')
    .argument('<file>', 'a checkpoint file, its folder, or the name of a pulled one')
    .option('--json', 'print one JSON document and nothing else')
    .action((name: string, flags: { json?: boolean }) => {
      const console = makeConsole({ json: flags.json === true });
      const file = openCheckpoint(resolveCheckpoint(name));
      try {
        const description = describeCheckpoint(file);
        for (const line of describe(description)) console.result(line);
        console.json(description);
      } finally {
        file.close();
      }
    });
}

function describe(description: CheckpointDescription): string[] {
  const { config, parameters, distractionDimensions } = description;
  const lines = [
    `file          ${description.file} (${(description.bytes / 1e6).toFixed(1)} MB)`,
    `SHA-256       ${description.sha256}`,
    `release       ${description.release ?? 'none that is known here'}`,
    `format        ${description.format}`,
    `names         ${description.naming}`,
    `tensors       ${description.tensors}`,
    `dtypes        ${Object.entries(description.dtypes)
      .map(([dtype, count]) => `${dtype} ${millions(count)}`)
      .join(', ')}`,
  ];
  if (config === undefined)
    return [...lines, `parameters    ${millions(parameters.all)}`, `architecture  ${description.notClip}`];
  return [
    ...lines,
    `parameters    ${millions(parameters.all)} (image tower ${millions(parameters.image)}, text tower ` +
      `${millions(parameters.text)})`,
    `architecture  ${describeConfig(config)}`,
    `text tower    ${config.text.heads} heads, ${config.text.vocabulary} tokens, context ${config.text.context}`,
    `activation    ${config.activation === 'quickGelu' ? 'QuickGELU' : 'GELU'} (${description.activationReason})`,
    distractionDimensions === undefined
      ? 'distraction   not calibrated'
      : `distraction   ${distractionDimensions.dimensions.join(', ') || 'none'} (${distractionDimensions.source})`,
  ];
}

function millions(count: number): string {
  return count < 1e5 ? `${count}` : `${(count / 1e6).toFixed(count < 1e7 ? 2 : 1)} M`;
}
