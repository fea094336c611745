import { RfclipError } from '../engine/errors.ts';
import type { Model } from '../library/model.ts';
import type { Segmenter } from '../library/segmenter.ts';
import type { AbortSignalLike } from '../system/abort.ts';
import type { WorkerCall, WorkerProgress } from './messages.ts';

/** What a worker holds: the open model and its segmenters by number. */
export interface WorkerState {
  model: Model | undefined;
  readonly segmenters: Map<number, Segmenter>;
}

/** What a call needs. */
export interface CallContext {
  state: WorkerState;
  /** Aborted when nobody waits for the answer any more. */
  signal: AbortSignalLike;
  onProgress: (progress: WorkerProgress) => void;
  /** Told of an open model when its device is lost. */
  onLost: (error: unknown) => void;
}

type Name = WorkerCall['call'];
type Asked<Call extends Name> = Extract<WorkerCall, { call: Call }>;
type Answer = (asked: never, context: CallContext) => Promise<unknown>;

const answers = new Map<Name, Answer>();

/** Lets workers answer a call. Modules do that which a worker imports besides `rfclip/worker`. */
export function addCall<Call extends Name>(
  name: Call,
  answer: (asked: Asked<Call>, context: CallContext) => Promise<unknown>,
): void {
  answers.set(name, answer);
}

/** Answers a call that was added. @throws RfclipError (`RFCLIP-WORKER`) for one that was not; what the answer throws */
export async function answerAdded<Call extends Name>(asked: Asked<Call>, context: CallContext): Promise<unknown> {
  const answer = answers.get(asked.call) as
    ((asked: Asked<Call>, context: CallContext) => Promise<unknown>) | undefined;
  if (answer === undefined) {
    throw new RfclipError(`the worker does not know the call ${asked.call}`, {
      code: 'RFCLIP-WORKER',
      where: asked.call,
      fix: `import 'rfclip/worker/${asked.call}' in the file of the worker`,
    });
  }
  return answer(asked, context);
}

/** A segmenter of the worker. @throws RfclipError (`RFCLIP-CLOSED`) */
export function segmenterOf({ segmenters }: WorkerState, number: number): Segmenter {
  const segmenter = segmenters.get(number);
  if (segmenter === undefined) throw new RfclipError('the segmenter was closed', { code: 'RFCLIP-CLOSED' });
  return segmenter;
}
