import { fileURLToPath } from 'node:url';
import { startProcess } from '../command.mjs';

const CHILD = fileURLToPath(new URL('../manyImagesChild.mjs', import.meta.url));

/** Megabytes by which a process may grow over all its images; one label map of each would be more after 2,000. */
const MOST_GROWTH = 40;
const MOST_HEAP_GROWTH = 8;

/** Thousands of images through one model: memory stays as it was after the first. */
export const manyImages = {
  name: 'model',
  async round({ memo, options, figures }) {
    if (!memo.has('model')) {
      memo.set(
        'model',
        startProcess(CHILD, [], { flags: ['--expose-gc'], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] }),
      );
      // Caches and kernels for every size of image.
      memo.set('model: first', await ask(memo.get('model'), options.small ? 20 : 300));
    }
    const first = memo.get('model: first');
    const now = await ask(memo.get('model'), options.small ? 30 : 150);
    figures.set('model', 'images', now.images);
    figures.most('model', 'growth MB', now.resident - first.resident);
    figures.most('model', 'heap growth MB', now.heap - first.heap);
    figures.most('model', 'pool growth MB', now.pool - first.pool);
    figures.set('model', 'resident MB', now.resident);
    figures.set('model', 'GPU buffers MB', now.pool);
    const growth = `from ${JSON.stringify(first)} to ${JSON.stringify(now)}`;
    if (now.resident - first.resident > MOST_GROWTH) throw new Error(`resident memory grew ${growth}`);
    if (now.heap - first.heap > MOST_HEAP_GROWTH) throw new Error(`the heap grew ${growth}`);
    if (now.pool > first.pool) throw new Error(`GPU buffers grew ${growth}`);
  },
  async close({ memo }) {
    memo.get('model')?.kill('SIGKILL');
    memo.delete('model');
  },
};

function ask(child, count) {
  return new Promise((resolve, reject) => {
    let stderr = '';
    const hear = (chunk) => (stderr += chunk);
    const settle = (action) => {
      child.stderr.off('data', hear);
      child.off('message', onMessage);
      child.off('exit', onExit);
      action();
    };
    const onMessage = (answer) =>
      settle(() => (answer.error === undefined ? resolve(answer) : reject(new Error(answer.error))));
    const onExit = (code, signal) => settle(() => reject(new Error(`the process died (${code ?? signal}): ${stderr}`)));
    child.stderr.on('data', hear);
    child.on('message', onMessage);
    child.on('exit', onExit);
    child.send({ count });
  });
}
