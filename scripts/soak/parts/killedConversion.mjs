import { join } from 'node:path';
import { rfclipKilled } from '../command.mjs';
import { assertConversion, conversionArguments, undisturbedConversion } from '../conversion.mjs';

/** `convert`, killed at random moments, ends with the files of a conversion that nobody disturbed. */
export const killedConversion = {
  name: 'convert',
  async round(context) {
    const { milliseconds: usual } = await undisturbedConversion(context);
    const out = join(context.folder, 'out');
    const kills = context.options.small ? 1 : 8;
    await rfclipKilled(context, conversionArguments(context, out), { usual, kills });
    await assertConversion(context, out, 'after kills');
  },
};
