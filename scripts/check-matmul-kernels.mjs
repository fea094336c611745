// Runs conformance once for every kernel of `matmul` that the adapter can run, whichever it would take by itself: all
// recorded cases, with every f32 product computed by that kernel. Needs a build. About 10 seconds a kernel on lavapipe.
//
//   node scripts/check-matmul-kernels.mjs [--adapter NAME] [FOLDER]
//
// FOLDER is a folder of reference vectors; default: the cases that the tests have, test/fixtures/reference.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const options = /** @type {const} */ ({ adapter: { type: 'string' } });
const { values, positionals } = parseArgs({ options, allowPositionals: true });
const directory = positionals[0] ?? join(root, 'test/fixtures/reference');
const { Device } = await import('../dist/engine/index.js');
const { formatCaseLine, formatSummary, runConformance } = await import('../dist/conformance/index.js');
const { MATMUL_KERNELS, matmulKernelRuns } = await import('../dist/engine/ops/matmulKernels.js');

const device = await Device.create({ adapter: values.adapter });
console.log(`${directory} on ${device.name}`);
for (const matmul of MATMUL_KERNELS) {
  if (!matmulKernelRuns(device, matmul)) {
    console.log(`${matmul.padEnd(24)} skipped: this adapter cannot run it`);
    continue;
  }
  const started = performance.now();
  const summary = await runConformance({ directory, device, matmul });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${matmul.padEnd(24)} ${formatSummary(summary)}, ${seconds} s`);
  for (const result of summary.results) if (result.verdict === 'FAIL') console.log(formatCaseLine(result));
  if (summary.failed > 0) process.exitCode = 1;
}
device.destroy();
