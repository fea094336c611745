import type { ComponentChildren } from 'preact';

/** A button that lets the user pick a file. */
export function FileButton({
  accept,
  label,
  look = '',
  onFile,
  children,
}: {
  accept: string;
  /** For those who do not see it. */
  label: string;
  look?: string;
  onFile: (file: File) => void;
  children: ComponentChildren;
}) {
  return (
    <label class={`button ${look}`}>
      {children}
      <input
        type="file"
        accept={accept}
        aria-label={label}
        onChange={({ currentTarget }) => {
          const [file] = currentTarget.files ?? [];
          // The same file may be picked again.
          currentTarget.value = '';
          if (file !== undefined) onFile(file);
        }}
      />
    </label>
  );
}
