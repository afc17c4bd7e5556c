import { scanSync } from 'libpg-query'
import type { Relation } from '../../core/node.ts'

/*
 * The relations that a text of SQL names, wherever they stand in it: read from PostgreSQL's own tokens, so that
 * nothing in a string or comment is taken for a name.
 */

interface Token {
  readonly start: number
  readonly end: number
  readonly text: string
  readonly tokenName: string
}

interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** Gives relations other names. `rename` says where a named relation stands instead, or null to leave it. */
export function renameRelations(
  text: string,
  database: string,
  rename: (relation: Relation) => Relation | null,
): string {
  const tokens = tokensOf(text)
  const edits: Edit[] = []
  for (let index = 0; index < tokens.length; index += 1) {
    const chain = chainAt(tokens, index)
    if (chain.length > 0) {
      edits.push(...renamedChain(chain, database, rename))
      index += 2 * (chain.length - 1)
    } else if (namesRelation(tokens, index)) {
      edits.push(...renamedLiteral(tokens[index]!, database, rename))
    }
  }
  return edited(text, edits)
}

function tokensOf(text: string): readonly Token[] {
  try {
    return scanSync(text).tokens.filter(({ tokenName }) => !/COMMENT/.test(tokenName))
  } catch {
    return []
  }
}

const identifier = /^(?:"(?:[^"]|"")+"|[\p{L}_][\p{L}\p{N}_$]*)$/u

/** The names of `a.b.c` that begin here: none within such a chain, one for a name that stands alone. */
function chainAt(tokens: readonly Token[], start: number): readonly Token[] {
  const names: Token[] = []
  for (let index = start; index < tokens.length; index += 2) {
    const token = tokens[index]!
    if (!identifier.test(token.text)) break
    names.push(token)
    if (tokens[index + 1]?.text !== '.') break
  }
  return names
}

function renamedChain(
  chain: readonly Token[],
  database: string,
  rename: (relation: Relation) => Relation | null,
): Edit[] {
  const names = chain.map(({ text }) => plainName(text))
  const from = names.length > 2 && names[0] === database ? 1 : 0
  const [schema, name] = [names[from], names[from + 1]]
  if (schema === undefined || name === undefined) return []
  const other = rename({ schema, identifier: name })
  if (!other) return []
  const [first, second] = [chain[from]!, chain[from + 1]!]
  return [
    { start: first.start, end: first.end, text: quotedName(other.schema) },
    { start: second.start, end: second.end, text: quotedName(other.identifier) },
  ]
}

/** Whether a string stands for a relation: `'a.b'::regclass`, `pg_relation_size('a.b')`. */
function namesRelation(tokens: readonly Token[], index: number): boolean {
  if (tokens[index]!.tokenName !== 'SCONST') return false
  if (tokens[index + 1]?.text === '::' && tokens[index + 2]?.text.toLowerCase() === 'regclass') return true
  return tokens[index - 1]?.text === '(' && /^pg_/i.test(tokens[index - 2]?.text ?? '')
}

function renamedLiteral(
  { start, end, text }: Token,
  database: string,
  rename: (relation: Relation) => Relation | null,
): Edit[] {
  if (!/^'(?:[^']|'')*'$/.test(text)) return []
  const inner = text.slice(1, -1).replaceAll("''", "'")
  const renamed = renameRelations(inner, database, rename)
  return renamed === inner ? [] : [{ start, end, text: `'${renamed.replaceAll("'", "''")}'` }]
}

/** The name that a written identifier means: folded to lower case, unless it is quoted. */
function plainName(written: string): string {
  return written.startsWith('"') ? written.slice(1, -1).replaceAll('""', '"') : written.toLowerCase()
}

function quotedName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** Applies edits that stand in order; their places are counted in bytes of UTF-8. */
function edited(text: string, edits: readonly Edit[]): string {
  if (edits.length === 0) return text
  const bytes = Buffer.from(text, 'utf8')
  let result = ''
  let at = 0
  for (const { start, end, text: replacement } of edits) {
    result += bytes.subarray(at, start).toString('utf8') + replacement
    at = end
  }
  return result + bytes.subarray(at).toString('utf8')
}
