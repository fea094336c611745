import { rfclipKilled, rfclipWell } from '../command.mjs';
import { assertPulled, PULL, pullEnvironment, serverOf } from '../pull.mjs';

/** `weights pull`, killed at random moments and cut off by its server, ends with the file that the server has. */
export const killedPull = {
  name: 'pull',
  async round(context) {
    const { memo, options, folder, random, figures } = context;
    const server = await serverOf(context);
    if (options.small) memo.set('pull', 300);
    if (!memo.has('pull')) {
      const { milliseconds } = await rfclipWell(PULL, { environment: pullEnvironment(server, `${folder}/first`) });
      memo.set('pull', milliseconds);
    }
    const cache = `${folder}/cache`;
    // Slow enough that most kills come in the middle, with a cut now and then.
    server.pace({ milliseconds: 1 + random() * 8, cut: () => random() < 0.01 });
    const before = server.ranges;
    const kills = options.small ? 1 : 8;
    await rfclipKilled(context, PULL, {
      environment: pullEnvironment(server, cache),
      usual: memo.get('pull') + 800,
      kills,
    });
    server.pace({});
    figures.add('pull', 'resumed transfers', server.ranges - before);
    assertPulled(server, cache);
  },
  async close({ memo }) {
    await memo.get('server')?.close();
    memo.delete('server');
  },
};
