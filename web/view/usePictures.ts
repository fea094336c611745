import { useEffect, useState } from 'preact/hooks';
import type { Actions } from '../actions.ts';

/** Ends of the names of weight files. */
const WEIGHTS = /\.(pt|pth|bin|safetensors)$/i;

/**
 * Takes pictures that are dropped or pasted anywhere on the page, and weights that are dropped.
 * @returns whether a file is dragged over it
 */
export function usePictures({ openFile, openWeights }: Actions): boolean {
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
      const [file] = data?.files ?? [];
      if (file !== undefined && WEIGHTS.test(file.name)) openWeights(file);
      else if (file !== undefined) void openFile(file);
      return file !== undefined;
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
