import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { assertFailed, rfclip, rfclipWell } from '../command.mjs';
import { assertEvaluation, evaluationArguments, evaluationEnvironment, undisturbedEvaluation } from '../evaluation.mjs';

const LOSING = fileURLToPath(new URL('../losingMain.mjs', import.meta.url));

/**
 * The device is lost in the middle of an evaluation: it goes on on a new one, or ends with one sentence and exit code
 * 1, and then `--resume` goes on. The counts are the same.
 */
export const lostDevice = {
  name: 'device',
  async round(context) {
    const { random, figures, folder, options } = context;
    await undisturbedEvaluation(context);
    const out = join(folder, 'out');
    const environment = evaluationEnvironment(context);
    const args = evaluationArguments(context, out);
    for (let runs = options.small ? 1 : 1 + Math.floor(3 * random()); runs > 0; runs--) {
      const reads = `${1 + Math.floor(random() * (options.small ? 2 : 5))}`;
      const delay = `${random() < 0.5 ? 0 : random() * 60}`;
      const losses = `${options.small || random() < 0.5 ? 1 : 3}`;
      const result = await rfclip(args, {
        script: LOSING,
        environment: { ...environment, SOAK_READS: reads, SOAK_DELAY: delay, SOAK_LOSSES: losses },
      });
      if (result.code !== 0) assertFailed(result, /device was lost/);
      // So late a loss that everything was done.
      else if (!result.stderr.includes('the device was lost meanwhile')) {
        figures.add('device', 'ended before');
        continue;
      } else figures.add('device', 'went on');
      figures.add('device', 'losses');
    }
    await rfclipWell(args, { environment });
    await assertEvaluation(context, out, 'after a lost device');
  },
};
