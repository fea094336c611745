import { arrow, label, svg } from './drawing.ts';

interface Stage {
  name: string;
  shape: string;
  /** Products of a block of ViT-B/16 with 589 tokens, in percent: what examples/tour/05.ts prints. */
  share?: string;
}

const ATTENTION: readonly Stage[] = [
  { name: 'LayerNorm 1', shape: '[589, 768]' },
  { name: 'query, key, value', shape: '[589, 2304]', share: '22 %' },
  { name: 'scores, softmax', shape: '[12, 589, 589]', share: '6 %' },
  { name: 'mixed values', shape: '[589, 768]', share: '6 %' },
  { name: 'output projection', shape: '[589, 768]', share: '7 %' },
];
const MLP: readonly Stage[] = [
  { name: 'LayerNorm 2', shape: '[589, 768]' },
  { name: 'wider, QuickGELU', shape: '[589, 3072]', share: '30 %' },
  { name: 'narrower', shape: '[589, 768]', share: '30 %' },
];

const [BOX, STEP, TOP, LINE] = [150, 58, 92, 40];

/** A transformer block: the residual stream above, two branches that read from it and add to it. */
export function drawBlock(): string {
  const columns = [
    { stages: ATTENTION, x: 150, title: 'attention: tokens exchange' },
    { stages: MLP, x: 480, title: 'MLP: each token by itself' },
  ];
  return svg(
    728,
    420,
    label(0, 18, 'the residual stream: 589 tokens of 768 channels, which every block only adds to'),
    `<path d="M0 ${LINE}H716" stroke="#1a5aa8" stroke-width="8"/><path d="M712 ${LINE - 11}l16 11-16 11z" fill="#1a5aa8"/>`,
    ...columns.flatMap(({ stages, x, title }) => branch(stages, x, title)),
  );
}

function branch(stages: readonly Stage[], x: number, title: string): string[] {
  const middle = x + BOX / 2;
  const bottom = TOP + (stages.length - 1) * STEP + 44;
  const back = x + BOX + 52;
  return [
    label(middle, bottom + 42, title, 'class="small muted" text-anchor="middle"'),
    arrow(middle, LINE, middle, TOP - 4),
    ...stages.flatMap((stage, i) => box(stage, x, TOP + i * STEP, i < stages.length - 1)),
    `<path d="M${middle} ${bottom}v14H${back}V${LINE + 30}" fill="none" stroke="#1b1f24" stroke-width="1.5"/>`,
    arrow(back, LINE + 32, back, LINE + 13),
    `<circle cx="${back}" cy="${LINE}" r="12" fill="#fff" stroke="#1b1f24" stroke-width="1.5"/>`,
    label(back, LINE + 6, '+', 'text-anchor="middle"'),
  ];
}

function box({ name, shape, share }: Stage, x: number, y: number, goesOn: boolean): string[] {
  return [
    `<rect x="${x}" y="${y}" width="${BOX}" height="44" rx="6" fill="#f4f5f6" stroke="#a4abb3"/>`,
    label(x + BOX / 2, y + 18, name, 'text-anchor="middle"'),
    label(x + BOX / 2, y + 36, shape, 'class="small muted" text-anchor="middle"'),
    ...(share === undefined ? [] : [label(x - 8, y + 27, share, 'text-anchor="end" font-weight="600"')]),
    ...(goesOn ? [arrow(x + BOX / 2, y + 44, x + BOX / 2, y + STEP - 2)] : []),
  ];
}
