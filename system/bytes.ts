/** Characters of a text that are made at a time: more arguments of one call may be too many. */
const PER_CALL = 8192;

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** Bytes as a text in UTF-8; what is none becomes U+FFFD, and a byte order mark stays. */
export function utf8Text(bytes: Uint8Array): string {
  return utf8.decode(bytes);
}

/** Bytes as characters U+0000 to U+00FF, which keeps every byte. (What the web calls Latin-1 is Windows-1252.) */
export function latin1Text(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += PER_CALL) text += String.fromCharCode(...bytes.subarray(at, at + PER_CALL));
  return text;
}

/** The bytes of characters U+0000 to U+00FF. */
export function latin1Bytes(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** Pieces as one array; a copy, unless there is only one. */
export function joinBytes<Buffer extends ArrayBufferLike>(
  pieces: readonly Uint8Array<Buffer>[],
): Uint8Array<Buffer | ArrayBuffer> {
  if (pieces.length === 1) return pieces[0];
  const joined = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.length;
  }
  return joined;
}

/** Bytes as numbers of any kind. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
