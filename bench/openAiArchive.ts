import { closeSync, openSync, writeSync } from 'node:fs';
import type { StoredDType } from '../clip/checkpoint/checkpointFile.ts';
import { type ClipConfig, expectedTensors } from '../clip/config.ts';
import { floatsToHalves } from '../engine/dtype.ts';
import { type PickledTensor, torchScriptPickle, ZipWriter } from './pytorchWriter.ts';
import { randomCheckpoint } from './randomCheckpoint.ts';

/**
 * Weights that OpenAI's releases keep in float32; the others are float16. Source: `convert_weights` in OpenAI CLIP's
 * `model.py`.
 */
const FLOAT32 =
  /(^|\.)(ln_\w+\.(weight|bias)|class_embedding|positional_embedding|token_embedding\.weight|logit_scale)$/;

/**
 * Writes a TorchScript archive of random weights in the layout in which OpenAI published CLIP: mixed float16 and
 * float32 on `cuda:0`, and the three integer entries. One tensor is in memory at a time.
 */
export function writeOpenAiArchive(path: string, config: ClipConfig): void {
  const weights = randomCheckpoint(config);
  const descriptor = openSync(path, 'w');
  try {
    const zip = new ZipWriter((bytes) => {
      for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at);
    });
    const tensors: PickledTensor[] = [];
    const add = (name: string, dtype: StoredDType, shape: readonly number[], bytes: Uint8Array): void => {
      zip.add(`archive/data/${tensors.length}`, bytes);
      tensors.push({ name, key: `${tensors.length}`, dtype, shape });
    };
    for (const [name, shape] of expectedTensors(config)) {
      const values = weights.read(name);
      const data = FLOAT32.test(name) ? values : floatsToHalves(values);
      add(name, FLOAT32.test(name) ? 'F32' : 'F16', shape, new Uint8Array(data.buffer));
    }
    add('logit_scale', 'F32', [], new Uint8Array(Float32Array.of(Math.log(100)).buffer));
    const integers = {
      input_resolution: config.vision.grid * config.vision.patch,
      context_length: config.text.context,
      vocab_size: config.text.vocabulary,
    };
    for (const [name, value] of Object.entries(integers))
      add(name, 'I64', [], new Uint8Array(BigInt64Array.of(BigInt(value)).buffer));
    zip.add('archive/data.pkl', torchScriptPickle(tensors, 'cuda:0'));
    zip.add('archive/version', Buffer.from('3\n'));
    zip.finish();
  } finally {
    closeSync(descriptor);
  }
}
