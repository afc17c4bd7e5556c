import type { MacroInfo, Manifest } from '../core/manifest.ts'

/*
 * Which macros a template calls, told from its text alone: what is followed by a bracket inside a tag and is the name
 * of a macro. A call through adapter.dispatch
 * counts as one of the macro that it comes to, the project's own before others.
 */

/**
 * Finds the ids of the macros that a template of a package calls, in the order in which it calls them; of a macro's own
 * text `own` is its name, by which it does not call another.
 */
export type MacroReader = (text: string, packageName: string, own?: string) => readonly string[]

/** The id of a macro in the artifacts. */
export function macroId(macro: Pick<MacroInfo, 'package' | 'name'>): string {
  return `macro.${macro.package}.${macro.name}`
}

/** Makes the reader for a manifest's macros. */
export function makeMacroReader({ macros, project }: Pick<Manifest, 'macros' | 'project'>): MacroReader {
  const ids = new Set(Object.values(macros).map(macroId))
  const names = new Set(Object.values(macros).map(({ name }) => name))
  const find = (names: readonly string[], packages: readonly string[]): string[] => {
    const candidates = packages.flatMap((packageName) =>
      names.map((name) => macroId({ package: packageName, name })),
    )
    return candidates.filter((id) => ids.has(id)).slice(0, 1)
  }
  const read: MacroReader = (text, packageName, own) => {
    const here = [packageName, project, 'dbt', 'dbt_postgres']
    const calls = [...text.replace(comment, '').matchAll(tag)].flatMap(([code]): string[] => {
      const [, plain] = plainTag.exec(code) ?? []
      if (plain !== undefined && !names.has(plain)) return []
      const named = callsIn(code.replace(quoted, "''"), own === undefined).flatMap(([prefix, name]) =>
        prefix === undefined && name === own ? [] : find([name], prefix === undefined ? here : [prefix]),
      )
      const dispatched = [...code.matchAll(dispatch)].flatMap(([, name, namespace = packageName]) => [
        ...(name === own ? [] : find([name!], here)),
        ...find([`postgres__${name}`, `default__${name}`], [project, namespace, packageName, ...here]),
      ])
      return [...named, ...dispatched]
    })
    return [...new Set(calls)]
  }
  const known = new Map<string, readonly string[]>()
  return (text, packageName, own) => {
    // What is short is a generic test's: thousands of them call the same.
    if (text.length > 200 || own !== undefined) return read(text, packageName, own)
    const key = `${packageName} ${text}`
    const before = known.get(key)
    const calls = before ?? read(text, packageName)
    if (!before) known.set(key, calls)
    return calls
  }
}

type Call = readonly [prefix: string | undefined, name: string]

/** The calls as they are written or, of what is rendered, as they are made: what is given to one before that one. */
function callsIn(code: string, asMade: boolean): Call[] {
  const found = [...code.matchAll(call)].map((match) => {
    const end = match.index + match[0].length
    return { call: [match[1], match[2]!] as Call, at: asMade ? closingBracket(code, end) : end }
  })
  return found.sort((a, b) => a.at - b.at).map((one) => one.call)
}

function closingBracket(code: string, from: number): number {
  let depth = 1
  let at = from
  for (; at < code.length && depth > 0; at++) {
    if (code[at] === '(') depth++
    if (code[at] === ')') depth--
  }
  return at
}

const comment = /\{#[\s\S]*?#\}/g
const tag = /\{\{[\s\S]*?\}\}|\{%[\s\S]*?%\}/g
/** What most tags of a model are: one call of what is seldom a macro, with nothing called inside. */
const plainTag = /^\{\{-?\s*(ref|source|config|var)\s*\([^()]*\)\s*-?\}\}$/
const quoted = /'[^']*'|"[^"]*"/g
const call = /(?<![\w.'"]|\|\s*)(?:([A-Za-z_]\w*)\s*\.\s*)?([A-Za-z_]\w*)\s*\(/g
const dispatch = /\bdispatch\(\s*['"](\w+)['"](?:\s*,\s*(?:macro_namespace\s*=\s*)?['"](\w+)['"])?/g
