import { join } from 'node:path';
import { rfclipKilled } from '../command.mjs';
import { assertEvaluation, evaluationArguments, evaluationEnvironment, undisturbedEvaluation } from '../evaluation.mjs';

/** `eval --resume`, killed at random moments, gives the counts and label maps of a run that nobody disturbed. */
export const killedEvaluation = {
  name: 'eval',
  async round(context) {
    const { milliseconds: usual } = await undisturbedEvaluation(context);
    const out = join(context.folder, 'out');
    const kills = context.options.small ? 1 : 8;
    const environment = evaluationEnvironment(context);
    await rfclipKilled(context, evaluationArguments(context, out), { environment, usual, kills });
    await assertEvaluation(context, out, 'after kills');
  },
};
