import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { openCheckpoint } from '../../../clip/checkpoint/openCheckpoint.ts';
import { inferConfig } from '../../../clip/config.ts';
import { archiveOf, fileOf, zipOf } from './archives.ts';
import { clipTensors, other } from './publishedFiles.ts';

const folder = mkdtempSync(join(tmpdir(), 'rfclip-kinds-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function refusal(names: readonly string[]): string {
  const file = openCheckpoint(fileOf(folder, 'weights', archiveOf(names.map((name) => other(name, [2, 2])))));
  try {
    inferConfig(file);
  } catch (error) {
    return (error as Error).message;
  } finally {
    file.close();
  }
  throw new Error('it is a CLIP');
}

const HF_TEXT = ['text_model.embeddings.token_embedding.weight', 'text_model.encoder.layers.0.layer_norm1.weight'];
const HF_IMAGE = ['vision_model.embeddings.class_embedding', 'vision_model.embeddings.patch_embedding.weight'];
const behind = (prefix: string, names: readonly string[]) => names.map((name) => prefix + name);

describe('what a file is instead of a CLIP ViT is said by name', () => {
  test.each<[string, string[], string]>([
    ["Hugging Face's CLIPTextModel", HF_TEXT, 'a text tower without an image tower'],
    [
      "Hugging Face's CLIPVisionModel",
      [...HF_IMAGE, 'visual_projection.weight'],
      'an image tower without a text tower',
    ],
    [
      "open_clip's text tower",
      ['token_embedding.weight', 'transformer.resblocks.0.ln_1.weight'],
      'a text tower without',
    ],
    ["OpenAI's image tower", ['conv1.weight', 'class_embedding', 'proj'], 'an image tower without a text tower'],
    ["Hugging Face's SigLIP", [...HF_TEXT, HF_IMAGE[1], 'vision_model.head.probe'], 'a SigLIP'],
    ['SigLIP without its head', [...HF_TEXT, HF_IMAGE[1], 'vision_model.embeddings.patch_embedding.bias'], 'a SigLIP'],
    ["open_clip's SigLIP", ['visual.trunk.attn_pool.latent', 'logit_bias', 'text.token_embedding.weight'], 'a SigLIP'],
    ["LLaVA's tower", behind('model.vision_tower.vision_tower.', HF_IMAGE), "LLaVA's image tower without a text tower"],
    ['LLaVA', ['model.mm_projector.0.weight', ...behind('model.vision_tower.', HF_IMAGE)], 'a LLaVA model'],
    ['Llava of transformers', ['multi_modal_projector.linear_1.weight', 'lm_head.weight'], 'a LLaVA model'],
    ['a ResNet CLIP', ['visual.conv1.weight', 'visual.layer1.0.conv1.weight'], 'a CLIP with a ResNet'],
    ['a ConvNeXt CLIP', ['visual.trunk.stem.0.weight', 'text.token_embedding.weight'], "one of timm's image towers"],
    [
      'EVA-CLIP',
      ['visual.blocks.0.attn.q_proj.weight', 'visual.patch_embed.proj.weight', 'visual.cls_token'],
      'an EVA-CLIP',
    ],
    [
      'Stable Diffusion',
      ['model.diffusion_model.input_blocks.0.0.weight', ...HF_TEXT],
      'a model of a diffusion pipeline',
    ],
    [
      'Stable Diffusion XL',
      ['conditioner.embedders.1.model.transformer.resblocks.0.ln_1.weight'],
      'diffusion pipeline',
    ],
    ['a UNet', ['down_blocks.0.resnets.0.conv1.weight'], 'the denoiser of a diffusion pipeline'],
    ['Flux', ['double_blocks.0.img_attn.proj.weight'], 'the denoiser of a diffusion pipeline'],
    ['an autoencoder', ['encoder.down_blocks.0.resnets.0.conv1.weight', 'quant_conv.weight'], 'the autoencoder'],
    ['BLIP-2', ['qformer.encoder.layer.0.attention.weight', ...HF_IMAGE], 'a BLIP-2'],
    ['BLIP', ['visual_encoder.blocks.0.norm1.weight'], 'a BLIP or ALBEF'],
    ['Chinese CLIP', ['visual.conv1.weight', 'bert.embeddings.word_embeddings.weight'], 'text tower is a BERT'],
    ['a CLIP with RoBERTa', ['visual.conv1.weight', 'text.transformer.embeddings.word_embeddings.weight'], 'is a BERT'],
    ['MobileCLIP', ['image_encoder.model.stem.weight', 'text_encoder.embedding_layer.weight'], 'a MobileCLIP'],
    ['ImageBind', ['modality_trunks.vision.blocks.0.norm_1.weight'], 'an ImageBind'],
    [
      'CoOp',
      ['prompt_learner.ctx', 'image_encoder.conv1.weight', 'text_encoder.ln_final.weight'],
      'a prompt-tuned CLIP',
    ],
    ['a prompt', ['ctx', 'token_prefix', 'token_suffix'], 'a learned prompt alone'],
    ['LoRA', ['base_model.visual.attn.lora_A.weight', 'lora_unet_down.lora_up.weight'], 'LoRA weights alone'],
    ['DINOv2', ['cls_token', 'patch_embed.proj.weight', 'blocks.0.ls1.gamma'], 'a DINOv2 or DINOv3 ViT'],
    ['a ViT', ['vit.embeddings.patch_embeddings.projection.weight'], "a ViT in Hugging Face's naming"],
    ['SAM', ['image_encoder.patch_embed.proj.weight', 'mask_decoder.iou_token.weight'], 'a Segment Anything model'],
    ['T5', ['encoder.block.0.layer.0.SelfAttention.q.weight'], 'a T5 language model'],
    ['BERT', ['bert.embeddings.word_embeddings.weight', 'cls.predictions.bias'], 'BERT'],
    ['Llama', ['model.embed_tokens.weight', 'model.layers.0.mlp.up_proj.weight'], 'a language model'],
    ['Swin', ['layers.0.blocks.0.attn.relative_position_bias_table'], 'a Swin transformer'],
    ['a ResNet', ['conv1.weight', 'layer1.0.conv1.weight', 'fc.weight'], 'a ResNet'],
  ])('%s', (_, names, what) => {
    for (const prefix of ['', 'module.']) {
      const message = refusal(/^(down_blocks|double_blocks|encoder)/.test(names[0]) ? names : behind(prefix, names));
      expect(message).toMatch(/^checkpoint \S+ is .*, expected a CLIP ViT with both towers$/);
      expect(message).toContain(what);
    }
  });

  test.each<[string, string, string]>([
    ['LongCLIP', 'positional_embedding_res', 'a LongCLIP, whose text positions come in two tables'],
    ['CoCa', 'text_decoder.ln_final.weight', 'a CoCa'],
    ['attention pooling', 'visual.attn_pool.query', 'ends in attention pooling'],
    ['LoRA', 'visual.transformer.resblocks.0.attn.lora_A', 'with LoRA weights that were not merged'],
    ['GmP', 'visual.transformer.resblocks.0.mlp.c_fc.theta', 'in geometric parametrisation'],
    ['LayerScale', 'visual.transformer.resblocks.0.ls_1.gamma', 'a CLIP with LayerScale'],
    ['adapters', 'transformer.resblocks.0.adapter_mlp.down.weight', 'a CLIP with adapters'],
  ])('a whole CLIP that is no plain one: %s', (_, name, what) => {
    expect(refusal([name])).not.toContain('is undefined');
    for (const prefix of ['', 'model.clip.']) {
      const tensors = [...clipTensors(prefix), other(prefix + name)];
      const file = openCheckpoint(fileOf(folder, 'weights', archiveOf(tensors)));
      expect(() => inferConfig(file)).toThrow(what);
      file.close();
    }
  });
});

describe('files that are no weights', () => {
  const message = (path: string): string => {
    try {
      openCheckpoint(path).close();
    } catch (error) {
      return (error as Error).message;
    }
    throw new Error('it was opened');
  };
  test.each([
    ['version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 3\n', 'a Git LFS pointer'],
    ['/annex/objects/MD5E-s1--0\n', 'a git-annex pointer'],
    ['\n\n<!doctype html>', 'a web page or XML'],
    ['\xef\xbb\xbf<html>', 'a web page or XML'],
    ['{"error": "Repository not found"}', 'it is what a server said in place of a file'],
    ['{"_class_name": "StableDiffusionPipeline"}', 'it describes a diffusion pipeline'],
    ['{"architectures": ["CLIPModel"], "model_type": "clip"}', 'it is the configuration of a model'],
    ['Entry not found', 'of no known format, a text that begins with "Entry not found"'],
    ['BZh91AY', 'bzip2 data'],
    ['\x08\x07\x12\x07pytorch', 'an ONNX model'],
    ['\x1c\0\0\0TFL3', 'a TensorFlow Lite model'],
    ['\x82\xa6params', 'a Flax checkpoint'],
    ['%PDF-1.7', 'a PDF document'],
  ])('%j', (content, what) => {
    expect(message(fileOf(folder, 'weights', Buffer.from(content, 'latin1')))).toContain(what);
  });

  test.each([
    ['a.npy', 'a NumPy archive (.npz)'],
    ['model.weights.h5', 'a Keras model'],
    ['ViT-B-16.pt', 'an archive around a checkpoint, which has to be unpacked first'],
    ['model/archive_format', 'an exported PyTorch program (.pt2)'],
    ['Data/model.mlmodel', 'a Core ML package'],
  ])('a zip archive with %s', (name, what) => {
    expect(message(fileOf(folder, 'weights', zipOf([[name, Buffer.from('x')]])))).toContain(
      `without data.pkl: it is ${what}`,
    );
  });

  test('the folder of a diffusion pipeline', () => {
    const path = join(folder, 'pipeline');
    mkdirSync(path);
    writeFileSync(join(path, 'model_index.json'), '{}');
    expect(message(path)).toContain('is the folder of a diffusion pipeline');
  });
});
