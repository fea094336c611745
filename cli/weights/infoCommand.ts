import type { Command } from 'commander';
import { openCheckpoint } from '../../clip/checkpoint/openCheckpoint.ts';
import { groupLeftOut } from '../../clip/checkpoint/leftOut.ts';
import { showPrefix } from '../../clip/checkpoint/naming/subtree.ts';
import { describeConfig } from '../../clip/config.ts';
import { activationName } from '../../clip/modelNotes.ts';
import { makeConsole } from '../console.ts';
import { addPrefixFlag } from '../modelFlags.ts';
import { type CheckpointDescription, describeCheckpoint } from '../../weights/describeCheckpoint.ts';
import { resolveCheckpoint } from '../../weights/resolveCheckpoint.ts';

/** Lines about what is left out; --json names every tensor. */
const MOST_GROUPS = 30;

/** Adds `rfclip weights info`. */
export function addInfoCommand(weights: Command): void {
  const command = weights
    .command('info')
    .description('what a checkpoint is: architecture, parameters, element types, format, names, distraction dimensions')
    .argument('<file>', 'a checkpoint file, its folder, or the name of a pulled one')
    .option('--json', 'print one JSON document and nothing else');
  addPrefixFlag(command).action((name: string, flags: { prefix?: string; json?: boolean }) => {
    const console = makeConsole({ json: flags.json === true });
    const file = openCheckpoint(resolveCheckpoint(name), flags);
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
  const { config, parameters, distractionDimensions, assumedHeads } = description;
  const lines = [
    `file          ${description.file} (${fileSize(description.bytes)})`,
    ...(description.changes === undefined ? [] : [`changes       ${description.changes}`]),
    ...(description.note === undefined ? [] : [`note          ${description.note}`]),
    `SHA-256       ${description.sha256}`,
    `release       ${description.release ?? 'none that is known here'}`,
    `format        ${description.format}`,
    `names         ${description.naming}`,
    `tensors       ${description.tensors}`,
    ...describeSelection(description),
    `dtypes        ${Object.entries(description.dtypes)
      .map(([dtype, count]) => `${dtype} ${millions(count)}`)
      .join(', ')}`,
  ];
  if (config === undefined)
    return [
      ...lines,
      `parameters    ${millions(parameters.all)}`,
      `architecture  ${description.notClip}`,
      ...(description.dino === undefined ? [] : [`for --dino    ${description.dino}`]),
    ];
  return [
    ...lines,
    `parameters    ${millions(parameters.all)} (image tower ${millions(parameters.image)}, text tower ` +
      `${millions(parameters.text)})`,
    `architecture  ${describeConfig(config)}`,
    ...(assumedHeads?.image === undefined ? [] : [`heads         assumed: ${assumedHeads.image}`]),
    `text tower    ${config.text.heads} heads, ${config.text.vocabulary} tokens, context ${config.text.context}`,
    ...(assumedHeads?.text === undefined ? [] : [`heads         assumed: ${assumedHeads.text}`]),
    `activation    ${activationName(config.activation)} (${description.activationReason})`,
    distractionDimensions === undefined
      ? 'distraction   not calibrated'
      : `distraction   ${distractionDimensions.dimensions.join(', ') || 'none'} (${distractionDimensions.source})`,
  ];
}

function describeSelection({ prefix = '', leftOut = [], others = [] }: CheckpointDescription): string[] {
  return [
    ...(prefix === '' || leftOut.length + others.length === 0 ? [] : [`prefix        ${prefix}`]),
    ...(others.length === 0 ? [] : [`also there    ${others.map(showPrefix).join(', ')} (--prefix chooses)`]),
    ...groupLeftOut(prefix, leftOut)
      .slice(0, MOST_GROUPS)
      .map(({ name, tensors }) => `left out      ${name}${tensors > 1 ? ` (${tensors} tensors)` : ''}`),
  ];
}

function fileSize(bytes: number): string {
  return bytes < 1e5 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

function millions(count: number): string {
  return count < 1e5 ? `${count}` : `${(count / 1e6).toFixed(count < 1e7 ? 2 : 1)} M`;
}
