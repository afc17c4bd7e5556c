import { isMap, isScalar, isSeq, parseDocument, type YAMLMap } from 'yaml'

/*
 * `deps --add-package`: an entry more in packages.yml, written as dbt writes it, in place of those that name the same
 * package. What stands in the file besides stays as it is, comments included.
 */

export type PackageSource = 'hub' | 'git' | 'local'

export interface WantedPackage {
  readonly name: string
  readonly version: string | null
  readonly source: PackageSource
}

/** `dbt-labs/dbt_utils@1.3.0`, or a name alone; what has several `@` is a name, such as the address of a server. */
export function readWantedPackage(text: string, source: PackageSource): WantedPackage {
  const parts = text.split('@')
  const [name, version] = parts as [string, string]
  return parts.length === 2 ? { name, version, source } : { name: text, version: null, source }
}

/** The text of packages.yml with the package, and what was taken out for it. The text has to be valid YAML. */
export function withPackage(
  text: string,
  wanted: WantedPackage,
): { readonly text: string; readonly removed: readonly string[] } {
  const document = parseDocument(text)
  if (!isMap(document.contents)) document.contents = document.createNode({}) as never
  const listed = document.get('packages')
  const entries = isSeq(listed) ? listed.items : []
  const isSame = (entry: unknown) => isMap(entry) && namesPackage(identifierOf(entry), wanted.name)
  const removed = entries.filter(isSame).map((entry) => identifierOf(entry as YAMLMap))
  const entry = document.createNode(entryOf(wanted))
  if (isSeq(listed)) {
    listed.items = [...entries.filter((one) => !isSame(one)), entry]
    listed.flow = false
  } else document.set('packages', [entry])
  return { text: document.toString({ lineWidth: 0 }), removed }
}

function entryOf({ name, version, source }: WantedPackage): Readonly<Record<string, unknown>> {
  const entry = { [source === 'hub' ? 'package' : source]: name }
  if (version === null || version === '') return entry
  const limits = version.includes(',') ? version.split(',') : version
  return { ...entry, [source === 'git' ? 'revision' : 'version']: limits }
}

function identifierOf(entry: YAMLMap): string {
  for (const key of ['package', 'git', 'local', 'tarball', 'private']) {
    const value = entry.get(key, true)
    if (isScalar(value) && value.value) return String(value.value)
  }
  return ''
}

/** Whether an entry names the package, from wherever: whole, or by its last part, with dashes or underscores. */
function namesPackage(identifier: string, name: string): boolean {
  const short = name.slice(name.lastIndexOf('/') + 1)
  const variants = [name, short].flatMap((one) => [one, one.replaceAll('_', '-'), one.replaceAll('-', '_')])
  return variants.some((variant) => {
    const at = identifier.indexOf(variant)
    if (variant === '' || at < 0) return false
    const [before, after] = [identifier[at - 1] ?? '/', identifier[at + variant.length] ?? '/']
    return '/.'.includes(before) && '/.'.includes(after)
  })
}
