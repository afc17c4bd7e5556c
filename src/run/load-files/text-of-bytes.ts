/** Bytes as text, for people: what is none in the encoding becomes a replacement character, and so does NUL. */
export function textOfBytes(bytes: Buffer, encoding: string): string {
  return decoderOf(encoding).decode(bytes).replaceAll('\0', '\ufffd')
}

/** Postgres' names of encodings are not all those of the web. */
function decoderOf(encoding: string) {
  const label = encoding.toLowerCase().replace(/^win(?:dows)?[-_]?(\d+)$/, 'windows-$1')
  try {
    return new TextDecoder(label)
  } catch {
    return new TextDecoder('latin1')
  }
}
