import { createRequire } from 'node:module';
import { Command } from 'commander';
import { packageRoot } from '../system/packageRoot.ts';
import { errorOutput, silenceRemarks, writeOutput } from './console.ts';

/** The command line without commands: what all of them have in common. */
export function bareProgram(): Command {
  const { version } = createRequire(import.meta.url)(`${packageRoot()}/package.json`) as { version: string };
  const program = new Command('rfclip')
    .description('Open-vocabulary image segmentation with RF-CLIP on WebGPU: name the classes, get a label map.')
    .version(version)
    .option('-q, --quiet', 'only results and failures: no remarks, no progress')
    .showHelpAfterError('(run with --help for the options)')
    .exitOverride()
    .configureOutput({ writeErr: (text) => errorOutput().write(text), writeOut: writeOutput })
    .configureHelp({ sortSubcommands: false, showGlobalOptions: true })
    .hook('preAction', () => {
      if (program.opts().quiet === true) silenceRemarks();
    });
  return program;
}
