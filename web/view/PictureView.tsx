import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { greyShare } from '../../pictures/greyBelow.ts';
import { cssColour, labelColours } from '../picture/paintLabels.ts';
import { shownSize } from '../picture/shownSize.ts';
import type { AppState, Picture, Point, Result } from '../state/appState.ts';
import { percent } from './Legend.tsx';

const STEPS: Record<string, readonly [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** The picture under its labels; says what is where it is pointed at, by mouse, finger or arrow keys. */
export function PictureView({
  state,
  picture,
  lookInside,
  say,
}: {
  state: AppState;
  picture: Picture;
  lookInside: (point: Point) => void;
  say: (text: string) => void;
}) {
  const { choices, engine, alone } = state;
  const result = state.result?.number === picture.number ? state.result : undefined;
  const photo = useRef<HTMLCanvasElement>(null);
  const labels = useRef<HTMLCanvasElement>(null);
  const [point, setPoint] = useState<Point>();
  const tapped = useRef<Point | undefined>(undefined);
  const { width, height } = picture;
  const size = shownSize(width, height);

  useLayoutEffect(() => {
    photo.current!.getContext('2d')!.drawImage(picture.bitmap, 0, 0, size.width, size.height);
    setPoint(undefined);
  }, [picture]);
  useLayoutEffect(() => {
    const pen = labels.current!.getContext('2d')!;
    pen.clearRect(0, 0, size.width, size.height);
    if (result === undefined) return;
    const map = { data: result.answer.labels.data, width: result.answer.width, height: result.answer.height };
    const rgba = labelColours(map, result.palette, size, alone);
    pen.putImageData(new ImageData(rgba, size.width, size.height), 0, 0);
  }, [result, picture, alone]);
  // What is pointed at may have another class now.
  useEffect(() => setPoint(undefined), [result]);

  const pointAt = (event: MouseEvent): Point => {
    const box = photo.current!.getBoundingClientRect();
    const at = (place: number, most: number) => Math.min(Math.max(Math.floor(place * most), 0), most - 1);
    return {
      x: at((event.clientX - box.left) / box.width, width),
      y: at((event.clientY - box.top) / box.height, height),
    };
  };
  // A patch of the network's image.
  const patch = engine.status === 'ready' ? engine.vision.patch : 16;
  const stride = Math.max(1, (Math.min(width, height) * patch) / choices.side);
  const onKeyDown = (event: KeyboardEvent) => {
    if (result === undefined) return;
    const step = STEPS[event.key];
    if (step !== undefined) {
      event.preventDefault();
      const from = point ?? { x: width / 2, y: height / 2 };
      const to = point === undefined ? from : { x: from.x + step[0] * stride, y: from.y + step[1] * stride };
      const next = { x: inside(to.x, width), y: inside(to.y, height) };
      setPoint(next);
      const { name, probability } = whatIsAt(result, next);
      say(`${name}, ${percent(probability)} sure`);
    } else if (event.key === 'Enter' && point !== undefined) {
      event.preventDefault();
      lookInside(point);
    } else if (event.key === 'Escape') setPoint(undefined);
  };
  const follow = (event: PointerEvent) => result !== undefined && setPoint(pointAt(event));
  const onClick = (event: MouseEvent) => {
    if (result === undefined) return;
    const at = pointAt(event);
    const before = tapped.current;
    tapped.current = at;
    // A finger has nothing else to point with, so that the first tap only reads.
    const isTouch = (event as PointerEvent).pointerType === 'touch';
    const isSame = before !== undefined && Math.hypot(at.x - before.x, at.y - before.y) < stride;
    if (!isTouch || isSame) lookInside(at);
  };
  const opened = state.explain.status === 'closed' ? undefined : state.explain.point;

  return (
    <div
      class={result === undefined ? 'picture' : 'picture labelled'}
      role="application"
      tabIndex={0}
      aria-label={
        result === undefined
          ? `The image ${picture.name}`
          : `The segmented image ${picture.name}. Arrow keys point at a patch, Enter looks inside.`
      }
      style={{ aspectRatio: `${width} / ${height}`, '--shape': width / height }}
      onPointerMove={follow}
      onPointerDown={follow}
      onPointerLeave={(event) => event.pointerType !== 'touch' && setPoint(undefined)}
      onBlur={() => setPoint(undefined)}
      onKeyDown={onKeyDown}
      onClick={onClick}
    >
      <canvas
        ref={photo}
        width={size.width}
        height={size.height}
        style={{ filter: result === undefined ? '' : `grayscale(${greyShare(choices.opacity)})` }}
      />
      <canvas ref={labels} width={size.width} height={size.height} style={{ opacity: choices.opacity }} />
      {opened !== undefined && <Mark point={opened} picture={picture} stride={stride} look="opened" />}
      {point !== undefined && result !== undefined && (
        <>
          <Mark point={point} picture={picture} stride={stride} look="pointed" />
          <Tip point={point} picture={picture} result={result} reach={stride / 2} />
        </>
      )}
    </div>
  );
}

function inside(place: number, most: number): number {
  return Math.min(Math.max(Math.floor(place), 0), most - 1);
}

function whatIsAt({ answer }: Result, { x, y }: Point): { name: string; label: number; probability: number } {
  const at = y * answer.width + x;
  const label = answer.labels.data[at];
  return { name: answer.classNames[label], label, probability: answer.confidence.data[at] };
}

/** A frame of the size of a patch. */
function Mark({ point, picture, stride, look }: { point: Point; picture: Picture; stride: number; look: string }) {
  const style = {
    left: `${(100 * (point.x + 0.5)) / picture.width}%`,
    top: `${(100 * (point.y + 0.5)) / picture.height}%`,
    width: `${(100 * stride) / picture.width}%`,
  };
  return <span class={`mark ${look}`} style={style} />;
}

/** Class and probability beside a point. */
function Tip({
  point,
  picture,
  result,
  reach,
}: {
  point: Point;
  picture: Picture;
  result: Result;
  /** How far the frame around the point goes, in pixels of the picture. */
  reach: number;
}) {
  const { name, label, probability } = whatIsAt(result, point);
  const [x, y] = [point.x / picture.width, point.y / picture.height];
  const isBelow = y < 0.2;
  const style = {
    left: `${100 * x}%`,
    top: `${100 * (y + ((isBelow ? 1 : -1) * reach) / picture.height)}%`,
    '--across': `${-100 * x}%`,
  };
  return (
    <span class={isBelow ? 'tip below' : 'tip'} style={style}>
      <span class="dab" style={{ background: cssColour(result.palette, label) }} />
      {name} <b>{percent(probability)}</b>
    </span>
  );
}
