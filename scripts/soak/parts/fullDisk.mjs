import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { assertFailed, rfclip, rfclipWell } from '../command.mjs';
import { assertConversion, conversionArguments, undisturbedConversion } from '../conversion.mjs';
import {
  assertEvaluation,
  evaluationArguments,
  evaluationEnvironment,
  sizeOf,
  undisturbedEvaluation,
} from '../evaluation.mjs';
import { assertPulled, PULL, pullEnvironment, serverOf } from '../pull.mjs';
import { assertWhole, snapshot } from '../snapshot.mjs';

const DISK = 16 << 20;
const PAGE = 4096;

/** Names whose content grows or whose name says that it is not whole. */
const IN_WORK = /journal\.ndjson$|\.part(\.json)?$/;

/** Commands that write to a disk that is full at a random moment, and again once there is space. */
export const fullDisk = {
  name: 'disk',
  async round(context) {
    const { folder, random, figures, options, round } = context;
    const disk = join(folder, 'disk');
    mkdirSync(disk);
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK}`, 'tmpfs', disk], { encoding: 'utf8' });
    if (mounted.status !== 0)
      return `no small disk can be mounted here (mount -t tmpfs: ${String(mounted.stderr ?? mounted.error).trim()})`;
    context.memo.set('disk', disk);
    try {
      const commands = await commandsOf(context, join(disk, 'out'));
      // The evaluation takes longest.
      const chosen = options.small ? [commands[1 + (round % 2)]] : commands;
      for (const { name, args, environment, size, expected, assertRight } of chosen) {
        const filler = join(disk, 'filler');
        const space = PAGE * Math.floor((random() * 0.95 * size) / PAGE);
        writeFileSync(filler, Buffer.alloc(DISK - space - PAGE));
        const result = await rfclip(args, { environment });
        if (result.code === 0) figures.add('disk', `${name}: enough space`);
        else {
          // A conversion is at two files at once.
          assertFailed(result, /no space is left on the disk|no space left|has room for/, name === 'convert' ? 2 : 1);
          figures.add('disk', `${name}: full`);
        }
        assertWhole(snapshot(join(disk, 'out'), IN_WORK), expected, `${name} on a full disk`);
        rmSync(filler);
        await rfclipWell(args, { environment });
        await assertRight();
        rmSync(join(disk, 'out'), { recursive: true, force: true });
      }
    } finally {
      await fullDisk.close(context);
    }
    return undefined;
  },
  async close({ memo }) {
    if (memo.has('disk')) spawnSync('umount', ['-l', memo.get('disk')]);
    memo.delete('disk');
  },
};

async function commandsOf(context, out) {
  const evaluation = await undisturbedEvaluation(context);
  const conversion = await undisturbedConversion(context);
  const server = await serverOf(context);
  return [
    {
      name: 'eval',
      args: evaluationArguments(context, out),
      environment: evaluationEnvironment(context),
      size: sizeOf(evaluation) + 400_000,
      expected: evaluation.files,
      assertRight: () => assertEvaluation(context, out, 'after a full disk'),
    },
    {
      name: 'convert',
      args: conversionArguments(context, out),
      size: sizeOf(conversion),
      expected: conversion.files,
      assertRight: () => assertConversion(context, out, 'after a full disk'),
    },
    {
      name: 'pull',
      args: PULL,
      environment: pullEnvironment(server, out),
      size: server.content.length,
      expected: new Map(),
      assertRight: () => assertPulled(server, out),
    },
  ];
}
