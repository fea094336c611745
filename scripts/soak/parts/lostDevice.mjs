import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { assertFailed, rfclip, rfclipWell } from '../command.mjs';
import { assertEvaluation, evaluationArguments, evaluationEnvironment, undisturbedEvaluation } from '../evaluation.mjs';

const LOSING = fileURLToPath(new URL('../losingMain.mjs', import.meta.url));

/** The device is lost in the middle of an evaluation: one sentence, exit code 1; `--resume` gives the same counts. */
export const lostDevice = {
  name: 'device',
  async round(context) {
    const { random, figures, folder, options } = context;
    await undisturbedEvaluation(context);
    const out = join(folder, 'out');
    const environment = evaluationEnvironment(context);
    const args = evaluationArguments(context, out);
    for (let losses = options.small ? 1 : 1 + Math.floor(3 * random()); losses > 0; losses--) {
      const reads = `${1 + Math.floor(random() * (options.small ? 2 : 5))}`;
      const delay = `${random() < 0.5 ? 0 : random() * 60}`;
      const result = await rfclip(args, {
        script: LOSING,
        environment: { ...environment, SOAK_READS: reads, SOAK_DELAY: delay },
      });
      // So late a loss that everything was done.
      if (result.code === 0) figures.add('device', 'ended before');
      else {
        assertFailed(result, /device was lost/);
        figures.add('device', 'losses');
      }
    }
    await rfclipWell(args, { environment });
    await assertEvaluation(context, out, 'after a lost device');
  },
};
