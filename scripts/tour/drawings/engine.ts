import { arrow, label, svg } from './drawing.ts';

const CELL = 9;
const THREADS = 64;
const ELEMENTS = 100;

/** Above: ops record, a read submits. Below: one launch, its bind group, its workgroups and their threads. */
export function drawEngine(): string {
  const ops = ['double = scale(x, 2)', 'sum = add(double, x)', 'y = scale(sum, 10)'];
  return svg(
    728,
    372,
    label(0, 16, 'your program'),
    ...ops.map((op, i) => label(0, 46 + i * 26, op, 'font-family="monospace" class="code"')),
    label(0, 46 + 3 * 26, 'await y.read()', 'class="code" font-weight="600"'),
    label(250, 16, 'recorded, nothing has run'),
    ...ops.flatMap((_, i) => [arrow(178, 41 + i * 26, 246, 41 + i * 26), launch(252, 28 + i * 26)]),
    `<path d="M392 28h10v78h-10" fill="none" stroke="#1b1f24" stroke-width="1.5"/>`,
    arrow(402, 67, 464, 67),
    label(470, 16, 'one command buffer, on the GPU'),
    `<rect x="470" y="34" width="240" height="66" rx="6" fill="#1a5aa8" fill-opacity="0.12" stroke="#1a5aa8"/>`,
    label(590, 72, 'blend, blend, blend, in this order', 'class="small" text-anchor="middle"'),
    arrow(128, 119, 436, 119, 'stroke-dasharray="4 3"'),
    label(190, 137, 'this line submits, and waits for the values', 'class="small muted"'),
    `<path d="M436 119V72" fill="none" stroke="#1b1f24" stroke-width="1.5" stroke-dasharray="4 3"/>`,
    label(0, 186, `one launch: blend over ${ELEMENTS} elements`),
    ...bindGroup(1, 204),
    label(250, 212, 'workgroup 0: 64 threads', 'class="small muted"'),
    ...workgroup(250, 222, 0),
    label(250, 316, 'workgroup 1: 36 threads work, 28 return at once', 'class="small muted"'),
    ...workgroup(250, 326, 1),
    `<path d="M548 222v18M548 222h4M548 240h4" fill="none" stroke="#1b1f24"/>`,
    label(560, 230, 'a subgroup: 32 threads', 'class="small muted"'),
    label(560, 246, 'that run in step', 'class="small muted"'),
  );
}

function launch(x: number, y: number): string {
  return (
    `<rect x="${x}" y="${y}" width="130" height="22" rx="4" fill="#f4f5f6" stroke="#a4abb3"/>` +
    label(x + 65, y + 16, 'blend + bind group', 'class="small" text-anchor="middle"')
  );
}

/** What the kernel finds at its bindings. */
function bindGroup(x: number, y: number): string[] {
  const rows = ['0  size, period, alpha, beta', '1  a', '2  b', '3  y (written)'];
  return [
    label(x, y + 8, 'its bind group', 'class="small muted"'),
    ...rows.flatMap((text, i) => [
      `<rect x="${x}" y="${y + 18 + i * 26}" width="200" height="26" fill="#fff" stroke="#a4abb3"/>`,
      label(x + 10, y + 36 + i * 26, text, 'class="small"'),
    ]),
  ];
}

/** Threads of a workgroup, 32 a line; those beyond the last element are empty. */
function workgroup(x: number, y: number, index: number): string[] {
  return Array.from({ length: THREADS }, (_, thread) => {
    const works = index * THREADS + thread < ELEMENTS;
    const place = `x="${x + (thread % 32) * CELL}" y="${y + Math.floor(thread / 32) * (CELL + 12)}"`;
    const fill = works ? '#1a5aa8' : '#fff';
    return `<rect ${place} width="${CELL - 1}" height="18" fill="${fill}" stroke="#a4abb3" stroke-width="0.7"/>`;
  });
}
