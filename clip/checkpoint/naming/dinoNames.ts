import { prefixesBefore, type Subtree } from './subtree.ts';

const ANCHOR = 'patch_embed.proj.weight';

/** Names without which there is no DINO ViT, whatever its size. */
const REQUIRED = [
  'cls_token',
  'pos_embed',
  ANCHOR,
  'patch_embed.proj.bias',
  'blocks.0.norm1.weight',
  'blocks.0.attn.qkv.weight',
];

const NAME =
  /^(cls_token|pos_embed|(patch_embed\.proj|norm|blocks\.\d+\.(norm[12]|attn\.qkv|attn\.proj|mlp\.fc[12]))\.(weight|bias))$/;

/** The ViTs in DINO's naming that a file holds, behind any prefix. Source: DINO's `vision_transformer.py`. */
export function findDinos(names: readonly string[]): Subtree[] {
  const known = new Set(names);
  const prefixes = [...prefixesBefore(names, [ANCHOR])].filter((prefix) => known.has(`${prefix}cls_token`));
  return prefixes.map((prefix) => ({
    prefix,
    naming: 'DINO',
    sources: new Map(
      names
        .filter((name) => name.startsWith(prefix) && NAME.test(name.slice(prefix.length)))
        .map((name) => [name.slice(prefix.length), { parts: [name] }]),
    ),
    whole: REQUIRED.every((name) => known.has(prefix + name)),
  }));
}
