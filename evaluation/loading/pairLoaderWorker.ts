import type { ImagePair } from '../../datasets/pairs.ts';
import { answerTasks } from '../../datasets/threadAnswer.ts';
import { type PairSettings, preparePair } from './preparePair.ts';

/** A pair to prepare. */
export interface PairTask {
  pair: ImagePair;
  settings: PairSettings;
}

answerTasks(
  ({ pair, settings }: PairTask) => preparePair(pair, settings),
  ({ input, truth }) => [input.data.buffer, truth.data.buffer],
);
