/** What an expression in YAML names. */
export type Expression =
  | { readonly kind: 'ref'; readonly name: string; readonly package?: string; readonly version?: string }
  | { readonly kind: 'source'; readonly source: string; readonly table: string }
  | { readonly kind: 'metric'; readonly name: string; readonly package?: string }

/** `ref('a')`, `ref('package', 'a', v=2)`, `source('a', 'b')` or `metric('m')` as YAML writes it; else null. */
export function readExpression(text: string): Expression | null {
  const inner = /^\s*\{\{(.*)\}\}\s*$/s.exec(text)?.[1] ?? text
  const [, kind, written = ''] = /^\s*(ref|source|metric)\s*\((.*)\)\s*$/s.exec(inner) ?? []
  const args = written.split(',').map((part) => argument.exec(part)?.groups)
  if (kind === undefined || args.some((part) => part === undefined)) return null
  const positional = args.filter((part) => part!['key'] === undefined).map((part) => part!['text']!)
  const version = args.find((part) => ['v', 'version'].includes(part!['key'] ?? ''))
  const [first, second, ...more] = positional
  if (first === undefined || more.length > 0) return null
  if (kind === 'source') return second === undefined ? null : { kind, source: first, table: second }
  const named = second === undefined ? { name: first } : { package: first, name: second }
  if (kind === 'metric') return { kind, ...named }
  return { kind: 'ref', ...named, ...(version && { version: version['text'] ?? version['number'] ?? '' }) }
}

/** One argument: a quoted text, or a named one whose value may be a number. */
const argument = /^\s*(?:(?<key>\w+)\s*=\s*)?(?:(?<quote>['"])(?<text>.*?)\k<quote>|(?<number>[\d.]+))\s*$/s
