import { useEffect, useState } from 'preact/hooks';
import type { Actions } from '../actions.ts';

/** Ends of the names of weight files. */
const WEIGHTS = /\.(pt|pth|bin|safetensors)$/i;

/**
 * Takes pictures that are dropped or pasted anywhere on the page, and weights that are dropped.
 * @returns whether a file is dragged over it
 */
export function usePictures({ openFile, openWeights, refuse }: Actions): boolean {
  const [isDragged, setDragged] = useState(false);
  useEffect(() => {
    const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') === true;
    const over = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setDragged(true);
    };
    // Not fired on the way from one element to the next where the pointer has a place.
    const leave = (event: DragEvent) => event.relatedTarget === null && setDragged(false);
    const drop = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setDragged(false);
      take(event.dataTransfer);
    };
    const paste = (event: ClipboardEvent) => {
      if (take(event.clipboardData)) event.preventDefault();
    };
    const take = (data: DataTransfer | null) => {
      const files = [...(data?.files ?? [])];
      const folder = [...(data?.items ?? [])].map((item) => item.webkitGetAsEntry?.()).find((one) => one?.isDirectory);
      if (folder) refuse(`${folder.name} is a folder: drop one image. For many, there is the command line.`);
      else takeFiles(files);
      return files.length > 0;
    };
    const takeFiles = (files: readonly File[]) => {
      const weights = files.find(({ name }) => WEIGHTS.test(name));
      const pictures = files.filter(({ name }) => !WEIGHTS.test(name));
      const [picture] = pictures;
      if (weights !== undefined) openWeights(weights);
      if (picture !== undefined) void openFile(picture, pictures.length > 1 ? firstOf(pictures) : undefined);
    };
    document.addEventListener('dragover', over);
    document.addEventListener('dragleave', leave);
    document.addEventListener('drop', drop);
    document.addEventListener('paste', paste);
    return () => {
      document.removeEventListener('dragover', over);
      document.removeEventListener('dragleave', leave);
      document.removeEventListener('drop', drop);
      document.removeEventListener('paste', paste);
    };
  }, []);
  return isDragged;
}

function firstOf([{ name }, ...others]: readonly File[]): string {
  const rest = others.length === 1 ? 'one more was' : `${others.length} more were`;
  return `This is ${name}; ${rest} dropped with it, and left out: the page takes one image at a time.`;
}
