/** A checkpoint that its publisher offers for download. */
export interface KnownCheckpoint {
  /** What it is called here and by its publisher. */
  name: string;
  publisher: string;
  /** Name of the file in the cache folder. */
  file: string;
  url: string;
  /** As published; undefined where the publisher gives none. */
  sha256?: string;
  /** What it is used for. */
  use: string;
}

const OPENAI = 'https://openaipublic.azureedge.net/clip/models';

/**
 * The checkpoints that `weights pull` knows.
 * Source: `_MODELS` in OpenAI CLIP's `clip.py`, whose addresses contain the SHA-256; `hubconf.py` of DINO.
 */
export const KNOWN_CHECKPOINTS: readonly KnownCheckpoint[] = [
  openAi('ViT-B/16', '5806e77cd80f8b59890b7e101eabd078d9fb84e6937f9e85e4ecb61988df416f', "the paper's main model"),
  openAi('ViT-B/32', '40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58eba950af', 'faster and coarser'),
  openAi('ViT-L/14', 'b8cca3fd41ae0c99ba7e8951adf17d267cdb84cd88be6f7c2e0eca1737a03836', "the paper's large model"),
  {
    name: 'DINO-ViT-B/8',
    publisher: 'Facebook AI Research',
    file: 'dino_vitbase8_pretrain.pth',
    url: 'https://dl.fbaipublicfiles.com/dino/dino_vitbase8_pretrain/dino_vitbase8_pretrain.pth',
    use: 'image features for the method cass; no CLIP',
  },
];

/** The known checkpoint of a name, spelled with or without `openai/`, with slashes or dashes, in any case. */
export function findKnownCheckpoint(name: string): KnownCheckpoint | undefined {
  return KNOWN_CHECKPOINTS.find(
    (known) => plain(known.name) === plain(name) || known.file.toLowerCase() === name.toLowerCase(),
  );
}

/** The known checkpoint with this SHA-256. */
export function findKnownSha256(sha256: string): KnownCheckpoint | undefined {
  return KNOWN_CHECKPOINTS.find((known) => known.sha256 === sha256);
}

function openAi(name: string, sha256: string, use: string): KnownCheckpoint {
  const file = `${name.replace('/', '-')}.pt`;
  return { name, publisher: 'OpenAI', file, url: `${OPENAI}/${sha256}/${file}`, sha256, use };
}

function plain(name: string): string {
  return name
    .toLowerCase()
    .replace(/^openai\//, '')
    .replaceAll('/', '-')
    .replaceAll(' ', '-');
}
