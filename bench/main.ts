import { Command } from 'commander';
import { type Precision, PRECISIONS } from '../engine/precision.ts';
import { atomicWrite } from '../system/atomicWrite.ts';
import { describeFailure } from '../system/describeFailure.ts';
import { checkOutputs } from '../system/outputGate.ts';
import { benchAttention } from './attention.ts';
import { benchDecode } from './decode.ts';
import { benchEvaluate } from './evaluate.ts';
import { benchEvaluationMemory } from './evaluationMemory.ts';
import { benchForward } from './forward.ts';
import { benchHalf } from './half.ts';
import { benchMatmul } from './matmul.ts';
import { benchSegment } from './segment.ts';
import { benchStartup } from './startup.ts';
import { benchTune } from './tune.ts';

/** Options shared by all benchmarks; each takes what it knows. */
interface BenchOptions {
  adapter?: string;
  profile?: 'default' | 'bench';
  repetitions: number;
  windows: number;
  kernels?: boolean;
  peers?: boolean;
  allMethods?: boolean;
  only?: string;
  seconds: number;
  /** A file; true for standard output. */
  json?: string | true;
  overwrite?: boolean;
  precision: Precision;
}

/**
 * Name on the command line to benchmark, which prints a table and returns its figures; a new one is a file beside this
 * one and a line here.
 */
const BENCHMARKS: Record<string, (options: BenchOptions, print: (line: string) => void) => Promise<object>> = {
  matmul: benchMatmul,
  eval: benchEvaluate,
  half: benchHalf,
  forward: benchForward,
  segment: benchSegment,
  startup: benchStartup,
  memory: benchEvaluationMemory,
  decode: benchDecode,
  tune: benchTune,
  attention: benchAttention,
};

const program = new Command('bench')
  .description('Timings on this machine, printed as tables.')
  .argument('<name>', Object.keys(BENCHMARKS).join(', '))
  .option('--adapter <text>', "part of the adapter's name")
  .option('--profile <name>', 'Dawn switches: default, or bench (robustness and validation off)', 'default')
  .option('--repetitions <count>', 'timed calls per figure', (text) => Number.parseInt(text, 10), 7)
  .option('--windows <count>', 'windows per forward pass', (text) => Number.parseInt(text, 10), 6)
  .option('--precision <name>', 'f32, f16 or auto: in what networks compute (eval, forward, segment, attention)', 'f32')
  .option('--all-methods', 'every method, one window (forward)')
  .option('--kernels', 'the time of every kernel too (forward)')
  .option('--peers', "ONNX Runtime's WebGPU and CPU providers beside it (forward)")
  .option('--only <text>', 'kernels whose names contain this (tune)')
  .option('--seconds <count>', 'begin no product after so many seconds (tune)', Number, 25)
  .option('--json [file]', 'the figures as JSON, in this file or, with the table on standard error, on standard output')
  .option('--overwrite', 'replace that file')
  .action(async (name: string, options: BenchOptions) => {
    const benchmark = BENCHMARKS[name];
    if (benchmark === undefined)
      program.error(`there is no benchmark "${name}"; there are ${Object.keys(BENCHMARKS).join(', ')}`);
    if (!PRECISIONS.includes(options.precision)) program.error(`--precision must be ${PRECISIONS.join(', ')}`);
    if (!['default', 'bench'].includes(options.profile!)) program.error('--profile must be default or bench');
    if (!(options.repetitions >= 1)) program.error('--repetitions must be at least 1');
    if (!(options.windows >= 1)) program.error('--windows must be at least 1');
    if (!(options.seconds > 0)) program.error('--seconds must be a number above 0');
    const { json, overwrite } = options;
    if (typeof json === 'string') checkOutputs({ files: [json], overwrite });
    const figures = await benchmark(options, json === true ? console.error : console.log);
    const text = `${JSON.stringify(figures, null, 2)}\n`;
    if (typeof json === 'string') await atomicWrite(json, text);
    else if (json === true) process.stdout.write(text);
  });

await program.parseAsync().catch((error: unknown) => {
  console.error(`bench: ${describeFailure(error)}`);
  process.exitCode = 1;
});
