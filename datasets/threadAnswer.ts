import { parentPort } from 'node:worker_threads';
import { ImageError } from '../clip/image/imageError.ts';
import { RfclipError } from '../engine/errors.ts';
import { DatasetError } from './datasetError.ts';

/**
 * What a thread sends back: a value, an error a user may see, or one that nobody foresaw. Classes are lost on the way.
 */
export type ThreadAnswer<Result> = { value: Result } | { failure: SentError } | { unforeseen: unknown };

/** An `RfclipError` without its class and its cause. */
interface SentError {
  code: string;
  message: string;
  where?: string;
  fix?: string;
}

/**
 * Makes the thread that calls this answer the tasks of a `ThreadPool`, one at a time.
 *
 * @param transfers buffers of a result that are moved to the main thread instead of being copied
 */
export function answerTasks<Task, Result>(
  run: (task: Task) => Promise<Result>,
  transfers: (result: Result) => ArrayBufferLike[] = () => [],
): void {
  const send = (answer: ThreadAnswer<Result>, moved: ArrayBufferLike[] = []) =>
    parentPort!.postMessage(answer, moved as ArrayBuffer[]);
  const answer = async (task: Task): Promise<void> => {
    try {
      const value = await run(task);
      send({ value }, transfers(value));
    } catch (error) {
      if (error instanceof RfclipError) return send({ failure: pack(error) });
      // What cannot be sent is refused with a DOMException, which itself arrives as an empty object.
      send({ unforeseen: error instanceof DOMException ? new Error(error.message) : error });
    }
  };
  parentPort!.on('message', (task: Task) => void answer(task));
}

/** The value of an answer. @throws what the thread threw: an RfclipError as it was, of the class it had */
export function readAnswer<Result>(answer: ThreadAnswer<Result>): Result {
  if ('failure' in answer) throw unpack(answer.failure);
  if ('unforeseen' in answer) throw answer.unforeseen;
  return answer.value;
}

function pack({ code, message, where, fix }: RfclipError): SentError {
  return { code, message, where, fix };
}

function unpack({ code, message, where, fix }: SentError): RfclipError {
  if (code === 'RFCLIP-IMAGE' && where !== undefined)
    return new ImageError(where, message.slice(where.length + 1), { fix });
  if (code === 'RFCLIP-DATASET' && where !== undefined) return new DatasetError(message, where, { fix });
  return new RfclipError(message, { code, where, fix });
}
