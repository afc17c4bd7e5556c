// The escapes in string literals, as Python's `unicode-escape` reads them.

const escapeSequence =
  /\\(?:(\n)|([0-7]{1,3})|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([\s\S]))/g
const simple: Record<string, string> = {
  n: '\n',
  t: '\t',
  r: '\r',
  b: '\b',
  f: '\f',
  v: '\v',
  a: '\x07',
  '\\': '\\',
  "'": "'",
  '"': '"',
}

/** The text a literal stands for, or undefined when an escape is malformed. */
export function unescapeString(body: string): string | undefined {
  if (!body.includes('\\')) return body
  let malformed = false
  const text = body.replace(escapeSequence, (all, newline, octal, hex, short, long, other) => {
    if (newline !== undefined) return ''
    if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8))
    const code = hex ?? short ?? long
    if (code !== undefined) return String.fromCodePoint(Number.parseInt(code, 16))
    if ('xuUN'.includes(other)) malformed = true
    return simple[other] ?? all
  })
  return malformed ? undefined : text
}
