import { scanSync } from 'libpg-query'

/** A token of PostgreSQL's own scanner; places are counted in bytes of UTF-8. */
interface Token {
  readonly start: number
  readonly end: number
  readonly text: string
  readonly tokenName: string
}

/**
 * Takes a prefix off the names that qualify others (the `s` of `s.t` and of `"s"."t"`), and out of comments. Where else
 * the prefix stands, in a string or in the name of a column, it stays.
 */
export function withoutQualifierPrefix(text: string, prefix: string): string {
  if (!text.includes(prefix)) return text
  let tokens: readonly Token[]
  try {
    tokens = scanSync(text).tokens
  } catch {
    return text
  }
  const bytes = Buffer.from(text, 'utf8')
  const parts: string[] = []
  let done = 0
  for (const [index, token] of tokens.entries()) {
    if (!token.text.includes(prefix)) continue
    const isQualifier = token.tokenName === 'IDENT' && tokens[index + 1]?.text === '.'
    parts.push(bytes.toString('utf8', done, token.start))
    if (isComment(token)) parts.push(token.text.replaceAll(prefix, ''))
    else parts.push(isQualifier ? withoutStart(token.text, prefix) : token.text)
    done = token.end
  }
  return parts.join('') + bytes.toString('utf8', done)
}

function isComment({ tokenName }: Token): boolean {
  return tokenName.includes('COMMENT')
}

/** A name, in quotes or not, without what it begins with. */
function withoutStart(name: string, prefix: string): string {
  const quote = name.startsWith('"') ? '"' : ''
  return name.startsWith(quote + prefix) ? quote + name.slice(quote.length + prefix.length) : name
}
