import { readFileSync } from 'node:fs'
import type { Dialect, TemplateBlock } from './dialect/index.ts'

/*
 * The macros that every project has, under dbt's names. They stand in builtin/*.sql. Reading them all takes
 * longer than a small project does, so a file is only searched for its names; a macro is parsed when it is called.
 */

export interface BuiltinMacro {
  readonly name: string
  readonly path: string
  readonly source: string
  readonly block: () => TemplateBlock
}

const files = [
  'calendar.sql',
  'clones.sql',
  'columns.sql',
  'generic-tests.sql',
  'grants.sql',
  'incremental.sql',
  'introspection.sql',
  'materializations.sql',
  'merge.sql',
  'naming.sql',
  'relation-ddl.sql',
  'seeds.sql',
  'snapshots.sql',
  'sql-functions.sql',
  'statements.sql',
  'table-ddl.sql',
  'test-queries.sql',
  'unit-tests.sql',
]

/** From a macro's opening tag to its closing one; our own files nest none. */
const definition = /\{%-? *(macro|test) +(\w+)[\s\S]*?\{%-? *end\1 *-?%\}/g

/** A line such as `dispatches datediff(first_date, second_date, datepart)`. */
const dispatchLine = /^dispatches (\w+)\((.*)\)$/gm

/** Finds the built-in macros without parsing them. */
export function readBuiltinMacros(dialect: Dialect): ReadonlyMap<string, BuiltinMacro> {
  const macros = new Map<string, BuiltinMacro>()
  for (const file of files) {
    const text = readFileSync(new URL(`./builtin/${file}`, import.meta.url), 'utf8')
    const path = `builtin/${file}`
    const add = (name: string, source: string, offset: number): void => {
      macros.set(name, {
        name,
        path,
        source,
        block: once(() => parseOne(dialect, text, source, offset, path)),
      })
    }
    for (const [source, kind, name, offset] of matches(definition, text))
      add(kind === 'test' ? `test_${name}` : name, source, offset)
    for (const [, name, parameters, offset] of matches(dispatchLine, text))
      add(name, dispatcher(name, parameters), offset)
  }
  return macros
}

/** A macro that only finds the implementation for the adapter, which a project may bring its own of. */
function dispatcher(name: string, parameters: string): string {
  const names = splitParameters(parameters).map((parameter) => parameter.split('=')[0]!.trim())
  const call = `adapter.dispatch('${name}', 'dbt')(${names.join(', ')})`
  return `{% macro ${name}(${parameters}) %}{{ return(${call}) }}{% endmacro %}`
}

/** Parameters at the commas that do not stand in quotes; the brackets of a default hold none. */
function splitParameters(parameters: string): string[] {
  return parameters.match(/(?:"[^"]*"|'[^']*'|[^,"'])+/g) ?? []
}

function parseOne(
  dialect: Dialect,
  text: string,
  source: string,
  offset: number,
  path: string,
): TemplateBlock {
  // Its lines keep their numbers, for errors in it.
  const linesBefore = text.slice(0, offset).split('\n').length - 1
  return dialect.parse('\n'.repeat(linesBefore) + source, path).blocks[0]!
}

function* matches(pattern: RegExp, text: string): Generator<[string, string, string, number]> {
  for (const match of text.matchAll(pattern)) yield [match[0], match[1]!, match[2]!, match.index]
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
