import type { CST } from 'yaml'

/*
 * What the tokens of a plain file say, without the package's documents: most files hold nothing but names, text in
 * quotes, whole numbers and the words true and false. Whatever else a value may mean is for the package to tell.
 */

/** What stands at a place of the file. */
export interface YamlSpot {
  readonly offset: number
  /** How a scalar is written, without its quotes. */
  readonly source: string | undefined
}

/** Where a path leads. */
export interface YamlFinding {
  /** Whether the path was followed to its end; if not, `value` is the nearest value that encloses it. */
  readonly isWhole: boolean
  readonly key?: YamlSpot | undefined
  readonly value?: YamlSpot | undefined
}

export interface PlainYaml {
  readonly value: unknown
  find(path: readonly PropertyKey[]): YamlFinding
}

/** Reads a document; null where the package has to. */
export function readPlainYaml({ value: root }: CST.Document): PlainYaml | null {
  if (!root) return null
  const value = dataOf(root)
  return value === undefined ? null : { value, find: (path) => find(root, path) }
}

type Token = CST.Token

/** Undefined for what is not plain. */
function dataOf(token: Token | null | undefined): unknown {
  switch (token?.type) {
    case 'scalar':
      return plainValue(token.source)
    case 'double-quoted-scalar':
    case 'single-quoted-scalar':
      return unquoted(token.source)
    case 'block-map':
      return mapOf(token)
    case 'block-seq':
      return listOf(token)
    default:
      return undefined
  }
}

/** Words that begin so are text, but for these. */
const text = /^[A-Za-z_]/
const meaningful = /^(?:true|false|yes|no|on|off|null)$/i
const wholeNumber = /^(?:0|[1-9]\d{0,14})$/

function plainValue(source: string): string | number | boolean | undefined {
  if (text.test(source)) {
    if (!meaningful.test(source)) return source
    return source === 'true' ? true : source === 'false' ? false : undefined
  }
  return wholeNumber.test(source) ? Number(source) : undefined
}

/** Such text holds neither its own quotes nor escapes. */
function unquoted(source: string): string {
  return source.slice(1, -1)
}

function mapOf({ items }: CST.BlockMap): Record<string, unknown> | undefined {
  const map: Record<string, unknown> = {}
  for (const { key, value: token } of items) {
    const name = key?.type === 'scalar' ? plainValue(key.source) : undefined
    // A name that stands twice is an error or not, and one of them would be the prototype.
    if (typeof name !== 'string' || name === '__proto__' || Object.hasOwn(map, name)) return undefined
    const value = dataOf(token)
    if (value === undefined) return undefined
    map[name] = value
  }
  return map
}

function listOf({ items }: CST.BlockSequence): unknown[] | undefined {
  const list: unknown[] = []
  for (const { value: token } of items) {
    const value = dataOf(token)
    if (value === undefined) return undefined
    list.push(value)
  }
  return list
}

function find(root: Token, path: readonly PropertyKey[]): YamlFinding {
  let value = root
  let key: Token | undefined
  for (const segment of path) {
    const item: CST.CollectionItem | undefined =
      value.type === 'block-seq'
        ? value.items[Number(segment)]
        : value.type === 'block-map'
          ? value.items.find((one) => isNamed(one.key, String(segment)))
          : undefined
    if (!item?.value) return { isWhole: false, value: spotOf(value) }
    key = item.key ?? undefined
    value = item.value
  }
  return { isWhole: true, key: key && spotOf(key), value: spotOf(value) }
}

function isNamed(key: Token | null | undefined, name: string): boolean {
  return key?.type === 'scalar' && key.source === name
}

function spotOf(token: Token): YamlSpot {
  const { offset } = token as { readonly offset: number }
  if (token.type === 'scalar') return { offset, source: token.source }
  const isQuoted = token.type === 'double-quoted-scalar' || token.type === 'single-quoted-scalar'
  return { offset, source: isQuoted ? unquoted(token.source) : undefined }
}
