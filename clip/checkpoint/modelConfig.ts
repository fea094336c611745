import { CheckpointError, type CheckpointFile, type ClipActivation, type ModelConfigFile } from './checkpointFile.ts';

/** Published configurations have a few KB. */
const MAX_CONFIG_BYTES = 1 << 20;

type Json = Record<string, unknown>;

interface Tower {
  width: number;
  layers: number;
  /** Absent where the configuration gives none that could be. */
  heads?: number;
}

/** Where configurations lie. */
export interface ConfigPlaces {
  /** Bytes of a file; undefined where there is none. */
  size(path: string): number | undefined;
  /** A file as text. @throws CheckpointError */
  text(path: string): string;
}

/**
 * Looks for a configuration beside the weights: `NAME_config.json` for weights called NAME, open_clip's
 * `open_clip_config.json`, or Hugging Face's `config.json`. One that describes towers of other sizes belongs to other
 * weights and is passed over.
 * @param file presents OpenAI's names.
 * @throws CheckpointError for one that is not JSON, or that names an activation no CLIP here has.
 */
export function modelConfigBeside(file: CheckpointFile, places: ConfigPlaces): ModelConfigFile | undefined {
  const beside = (name: string) => file.path.replace(/[^/\\]*$/, name);
  const candidates = [
    file.path.replace(/\.[^./\\]+$/, '_config.json'),
    beside('open_clip_config.json'),
    beside('config.json'),
  ];
  for (const path of candidates) {
    const size = path === file.path ? undefined : places.size(path);
    if (size === undefined) continue;
    const config = parse(path, size, places);
    const described = openClipConfig(config, path) ?? huggingFaceConfig(config, path);
    if (
      described === undefined ||
      !fits(file, 'visual.', 'visual.class_embedding', described.vision) ||
      !fits(file, '', 'ln_final.weight', described.text)
    )
      continue;
    return {
      path,
      activation: described.activation,
      visionHeads: described.vision.heads,
      textHeads: described.text.heads,
    };
  }
  return undefined;
}

function parse(path: string, size: number, places: ConfigPlaces): Json {
  if (size > MAX_CONFIG_BYTES)
    throw new CheckpointError(
      `the model configuration ${path} has ${size} bytes, expected at most ${MAX_CONFIG_BYTES}`,
      path,
    );
  const text = places.text(path);
  try {
    return object(JSON.parse(text));
  } catch (cause) {
    throw new CheckpointError(`the model configuration ${path} cannot be read as JSON`, path, cause);
  }
}

interface Described {
  vision: Tower;
  text: Tower;
  activation: ClipActivation;
}

/** Source: `CLIPVisionCfg` and `CLIPTextCfg` in open_clip's `model.py`, with their defaults. */
function openClipConfig(config: Json, path: string): Described | undefined {
  const model = object(config.model_cfg ?? config);
  if (model.vision_cfg === undefined) return undefined;
  const vision = object(model.vision_cfg);
  const text = object(model.text_cfg);
  const width = number(vision.width, 768, path);
  return {
    vision: { width, layers: number(vision.layers, 12, path), heads: headsOf(width, vision, path) },
    text: {
      width: number(text.width, 512, path),
      layers: number(text.layers, 12, path),
      heads: number(text.heads, 8, path),
    },
    activation: model.quick_gelu === true ? 'quickGelu' : 'gelu',
  };
}

/** As `VisionTransformer` there divides. */
function headsOf(width: number, vision: Json, path: string): number | undefined {
  return Math.floor(width / number(vision.head_width, 64, path)) || undefined;
}

/** Source: `configuration_clip.py` of Hugging Face transformers 4, with its defaults. */
function huggingFaceConfig(config: Json, path: string): Described | undefined {
  if (config.vision_config === undefined && config.vision_config_dict === undefined) return undefined;
  const tower = (part: Json, defaults: Required<Tower>): Tower => ({
    width: number(part.hidden_size, defaults.width, path),
    layers: number(part.num_hidden_layers, defaults.layers, path),
    heads: number(part.num_attention_heads, defaults.heads, path),
  });
  const vision = object(config.vision_config ?? config.vision_config_dict);
  const text = object(config.text_config ?? config.text_config_dict);
  const activation = activationOf(vision.hidden_act, path);
  if (activationOf(text.hidden_act, path) !== activation) {
    throw new CheckpointError(
      `the model configuration ${path} has different activations for images and texts, expected one`,
      path,
    );
  }
  return {
    vision: tower(vision, { width: 768, layers: 12, heads: 12 }),
    text: tower(text, { width: 512, layers: 12, heads: 8 }),
    activation,
  };
}

function activationOf(name: unknown, path: string): ClipActivation {
  if (name === undefined || name === 'quick_gelu') return 'quickGelu';
  if (name === 'gelu') return 'gelu';
  throw new CheckpointError(
    `the model configuration ${path} has activation ` +
      `${typeof name === 'string' ? name.slice(0, 100) : 'of no name'}, expected quick_gelu or gelu`,
    path,
  );
}

function fits(file: CheckpointFile, prefix: string, widthTensor: string, { width, layers }: Tower): boolean {
  const norm = (layer: number) => `${prefix}transformer.resblocks.${layer}.ln_1.weight`;
  return (
    file.tensors.get(widthTensor)?.shape[0] === width &&
    file.tensors.has(norm(layers - 1)) &&
    !file.tensors.has(norm(layers))
  );
}

function object(value: unknown): Json {
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Json) : {};
}

function number(value: unknown, missing: number, path: string): number {
  if (value === undefined || value === null) return missing;
  if (!Number.isInteger(value) || (value as number) < 1)
    throw new CheckpointError(`the model configuration ${path} has a size that is no positive whole number`, path);
  return value as number;
}
