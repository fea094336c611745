import type { ClipConfig } from '../../clip/config.ts';
import type { CaseResult, Explanation, KernelTimes, WorkerResult } from '../../worker/client.ts';
import type { Choices } from './choices.ts';
import type { Store } from './store.ts';

/** One sentence about what went wrong. */
export interface Problem {
  message: string;
  code?: string;
  /** What can be done about it. */
  fix?: string;
}

/** How far something is. */
export interface Step {
  text: string;
  /** 0 to 1, where it is known. */
  done?: number;
}

/** The picture that is looked at. */
export interface Picture {
  /** Another one for every picture. */
  number: number;
  name: string;
  /** What the worker gets. */
  file: Blob;
  /** In pixels, upright. */
  width: number;
  height: number;
  /** To be drawn. */
  bitmap: ImageBitmap;
  /** One of those that ship. */
  example: string | undefined;
  /** What the user should know of how it was chosen. */
  remark: string | undefined;
}

/** A segmented picture. */
export interface Result {
  /** Of the picture. */
  number: number;
  /** What was asked for: results of other questions are out of date. */
  question: string;
  answer: WorkerResult;
  /** Sentences about classes, weights and picture. */
  notices: readonly string[];
  /** RGB triples by label. */
  palette: Uint8Array;
  /** From question to answer. */
  milliseconds: number;
}

/** The GPU and the network. */
export type EngineState =
  | { status: 'opening'; step: Step }
  | { status: 'ready'; adapter: string; checkpoint: string; notes: readonly string[]; vision: ClipConfig['vision'] }
  /** The next question opens another. */
  | { status: 'closed' }
  /** There is no WebGPU here. */
  | { status: 'absent'; problem: Problem };

/** A point of the picture, in its pixels. */
export interface Point {
  x: number;
  y: number;
}

/** The look inside. */
export type ExplainState =
  | { status: 'closed' }
  | { status: 'running'; point: Point; step: Step }
  | { status: 'open'; point: Point; explanation: Explanation; photo: ImageBitmap };

/** The recorded cases. */
export type ConformanceState =
  | { status: 'idle' }
  | { status: 'running'; step: Step; passed: number; failed: number }
  | {
      status: 'done';
      passed: number;
      failed: number;
      skipped: number;
      failures: readonly CaseResult[];
      seconds: number;
    };

/** All that the page shows. */
export interface AppState {
  choices: Choices;
  engine: EngineState;
  /** The user's weights; undefined for the embedded ones. */
  weights: File | undefined;
  /** Whether kernels are timed. */
  profile: boolean;
  picture: Picture | undefined;
  /** The name of the one that is being opened. */
  opening: string | undefined;
  /** Something is read, encoded or segmented. */
  run: Step | undefined;
  result: Result | undefined;
  problem: Problem | undefined;
  explain: ExplainState;
  conformance: ConformanceState;
  kernels: KernelTimes | undefined;
  /** The only class that is shown, by label. */
  alone: number | undefined;
}

/** What keeps it. */
export type AppStore = Store<AppState>;
