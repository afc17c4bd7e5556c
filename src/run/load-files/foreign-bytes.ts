/*
 * What the first bytes of a file tell that is not what its name says. Without a look at them the message would be about
 * a header of strange characters.
 */

const signatures: readonly (readonly [string, string, string])[] = [
  ['1f8b', 'its bytes are packed with gzip', 'have its name end in .gz, or unpack it once where it does'],
  [
    '28b52ffd',
    'its bytes are packed with zstd',
    'have its name end in .zst, or unpack it once where it does',
  ],
  ['504b0304', 'it is a zip archive', 'unpack it'],
  ['50415231', 'it is Parquet', "say 'format: parquet', or have its name end so"],
  ['fffe', 'it is written in UTF-16', 'iconv -f utf-16 -t utf-8 makes UTF-8 of it'],
  ['feff', 'it is written in UTF-16', 'iconv -f utf-16 -t utf-8 makes UTF-8 of it'],
]

/** A line feed nowhere, and a carriage return that none may follow. */
function hasReturnsOnly(beginning: Buffer): boolean {
  const at = beginning.indexOf(13)
  return at >= 0 && at < beginning.length - 1 && !beginning.includes(10)
}

/** Bytes that are no text of any format; the hint is for people. */
export class ForeignBytesError extends Error {
  readonly hint: string

  constructor(message: string, hint: string) {
    super(message)
    this.hint = hint
  }
}

/** The same bytes; throws at the first of them where they are no text. */
export async function* textBytes(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let isFirst = true
  for await (const piece of bytes) {
    if (isFirst && piece.length > 0) {
      isFirst = false
      refuseForeign(piece)
    }
    yield piece
  }
}

function refuseForeign(beginning: Buffer): void {
  const shown = beginning.toString('hex', 0, 4)
  const found = signatures.find(([signature]) => shown.startsWith(signature))
  if (found) throw new ForeignBytesError(found[1], found[2])
  // All of it would be the header, and no row would be missed.
  if (hasReturnsOnly(beginning))
    throw new ForeignBytesError(
      'its lines end with carriage returns alone',
      "tr '\\r' '\\n' makes lines of them that are lines everywhere",
    )
}
