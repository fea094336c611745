/** Gives the user a file. */
export function download(content: Blob, name: string): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser has begun by then.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** A file's name without its end, as results are called after it. */
export function stemOf(name: string): string {
  return name.replace(/\.[^.]+$/, '');
}
