import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startProcess } from '../command.mjs';
import { seedOf } from '../random.mjs';

const CHILD = fileURLToPath(new URL('../damagedFilesChild.mjs', import.meta.url));

/** Milliseconds of a processor that one file may take; what a waiting processor gives to others does not count. */
const MOST_MILLISECONDS = 5000;
/** Milliseconds after which a file counts as one that never ends. */
const HANGS_AFTER = 120_000;
/** Megabytes that a process may grow by between its first files and its last. */
const MOST_GROWTH = 200;

export const images = damagedFiles('images');
export const checkpoints = damagedFiles('checkpoints');

/** Damaged files give what they hold or an error of ours, within a bounded time and in bounded memory. */
function damagedFiles(name) {
  return {
    name,
    async round(context) {
      const { memo, options, round, figures, folder } = context;
      const seed = seedOf(options.seed, `${name} ${round}`);
      const count = options.small ? 200 : 1000;
      if (!memo.has(name)) memo.set(name, startChild(join(folder, '..')));
      const child = memo.get(name);
      const input = join(folder, '..', `${name}-input`);
      const answer = await ask(child, { kind: name, seed, count, input }, HANGS_AFTER).catch((error) => {
        if (existsSync(input)) copyFileSync(input, join(folder, 'input'));
        child.process.kill('SIGKILL');
        memo.delete(name);
        throw new Error(`seed ${seed}: ${error.message} (the file is files/input)`, { cause: error });
      });
      figures.add(name, 'files', count);
      for (const [kind, times] of Object.entries(answer.counts)) figures.add(name, kind, times);
      figures.most(name, 'slowest ms', answer.slowest.milliseconds);
      child.first ??= answer.megabytes;
      figures.most(name, 'growth MB', answer.megabytes - child.first);
      figures.most(name, 'resident MB', answer.megabytes);
      if (answer.slowest.milliseconds > MOST_MILLISECONDS)
        throw new Error(`seed ${seed}, file ${answer.slowest.run}: ${answer.slowest.milliseconds} ms`);
      if (answer.megabytes - child.first > MOST_GROWTH)
        throw new Error(`resident memory grew from ${child.first} to ${answer.megabytes} MB`);
    },
    async close({ memo }) {
      memo.get(name)?.process.kill('SIGKILL');
      memo.delete(name);
    },
  };
}

function startChild() {
  const child = startProcess(CHILD, [], { flags: ['--expose-gc'], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  const state = { process: child, first: undefined, stderr: '' };
  child.stderr.on('data', (chunk) => (state.stderr = (state.stderr + chunk).slice(-4000)));
  return state;
}

/** Sends a request and waits for the answer; files that are tried are told of on the way. */
function ask({ process: child, ...state }, request, patience) {
  return new Promise((resolve, reject) => {
    let timer;
    const settle = (action) => {
      clearTimeout(timer);
      child.off('message', onMessage);
      child.off('exit', onExit);
      action();
    };
    const restart = () => {
      clearTimeout(timer);
      timer = setTimeout(() => settle(() => reject(new Error(`no end after ${patience / 1000} s`))), patience);
    };
    const onExit = (code, signal) =>
      settle(() => reject(new Error(`the process died (${code ?? signal}): ${state.stderr}`)));
    const onMessage = (message) => {
      if (message.alive) restart();
      else if (message.error !== undefined) settle(() => reject(new Error(message.error)));
      else settle(() => resolve(message));
    };
    child.on('message', onMessage);
    child.on('exit', onExit);
    restart();
    child.send(request);
  });
}
