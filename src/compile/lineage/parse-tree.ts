import type { Node, SelectStmt } from 'libpg-query'

/*
 * Access to PostgreSQL's parse tree, in which each node is an object with one key, its tag.
 */

export type { Node, SelectStmt, WindowDef } from 'libpg-query'

type KeysOf<Union> = Union extends unknown ? keyof Union : never
export type NodeTag = KeysOf<Node>
export type NodeBody<Tag extends NodeTag> = Extract<Node, { [Key in Tag]: unknown }>[Tag]

/** The body of a node if it has the tag. */
export function bodyOf<Tag extends NodeTag>(node: Node | undefined, tag: Tag): NodeBody<Tag> | undefined {
  return (node as { readonly [Key in Tag]?: NodeBody<Tag> } | undefined)?.[tag]
}

/** The tag of a node. */
export function tagOf(node: Node): NodeTag {
  return Object.keys(node)[0] as NodeTag
}

/** The query that a node holds, if it is one that selects. */
export function selectIn(node: Node | undefined): SelectStmt | undefined {
  return bodyOf(node, 'SelectStmt')
}

/** The texts of a list of String nodes. */
export function stringsOf(nodes: readonly Node[] | undefined): string[] {
  const texts: string[] = []
  for (const node of nodes ?? []) {
    const text = bodyOf(node, 'String')?.sval
    if (text !== undefined) texts.push(text)
  }
  return texts
}

/** The items of a List node. */
export function itemsOf(node: Node | undefined): readonly Node[] {
  return bodyOf(node, 'List')?.items ?? []
}

/** The nodes directly below one, looking through the plain structures between them. */
export function childNodes(body: unknown): Node[] {
  const found: Node[] = []
  addChildNodes(body, found)
  return found
}

function addChildNodes(body: unknown, found: Node[]): void {
  if (typeof body !== 'object' || body === null) return
  if (Array.isArray(body)) for (const item of body) addChildNodes(item, found)
  else {
    const keys = Object.keys(body)
    // Tags begin with a capital, fields do not.
    if (keys.length === 1 && /^[A-Z]/.test(keys[0]!)) found.push(body as Node)
    else for (const key of keys) addChildNodes((body as Record<string, unknown>)[key], found)
  }
}

/** A column reference taken apart: `s.t.*` is the path [s, t] with a star. */
export function columnPath(fields: readonly Node[] | undefined): {
  readonly path: readonly string[]
  readonly hasStar: boolean
} {
  return { path: stringsOf(fields), hasStar: (fields ?? []).some((field) => tagOf(field) === 'A_Star') }
}

/** The whole number that a constant holds; zero is written as an empty object. */
export function integerIn(node: Node): number | undefined {
  const constant = bodyOf(node, 'A_Const')
  return constant?.ival === undefined ? undefined : (constant.ival.ival ?? 0)
}
