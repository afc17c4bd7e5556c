import { describe, expect, it } from 'vitest'
import {
  fromJs,
  hostFunction,
  makeDialect,
  type NameSource,
  raise,
  TemplateError,
} from '../../../src/compile/dialect/index.ts'

/*
 * Templates of text and plain calls take a path of their own. Whatever it does, generated code does too: a comment
 * that computes nothing (`{% do none %}`) sends the same template there.
 */

const dialect = makeDialect()
const detour = '{% do none %}'

const values: Readonly<Record<string, unknown>> = {
  target: { schema: 'main', list: [1, 'b'] },
  flag: true,
  nothing: null,
}
const names: NameSource = {
  lookup: (name) => {
    if (name === 'ref') return hostFunction('ref', (args) => `<${args.map(String).join('.')}>`)
    if (name === 'describe')
      return hostFunction('describe', (args, kwargs) => `${args.length} ${Object.keys(kwargs).join(',')}`)
    if (name === 'fails') return hostFunction('fails', () => raise('TypeError', 'it fails'))
    return Object.hasOwn(values, name) ? fromJs(values[name]) : undefined
  },
}

const templates = [
  'select 1',
  "select * from {{ ref('a') }}",
  "{{ ref('pkg', 'a') }} and {{- ref('b') -}} done",
  '{{ target.schema }}.{{ target["schema"] }}',
  '{{ describe(1, [2, "x"], a=3, b=ref("c")) }}',
  "{{ describe(ref('a'), (1)) }}",
  '{{ 1 }}{{ 1.0 }}{{ none }}{{ true }}{{ [1, "a"] }}',
  '{{ target }}{{ target.list }}{{ nothing }}',
  '{{ unknown }}',
  "a\n  {{ ref('x')\n }}\n{# note #}b",
]

const failing = [
  'one\n  {{ fails() }}',
  'one {{ unknown() }}',
  '{{ describe(\n fails()) }}',
  '{{ unknown.attribute }}',
  '{{ target() }}',
]

function render(source: string): string {
  return dialect.render(dialect.parse(source, 'models/a.sql'), names).text
}

function failureOf(source: string) {
  try {
    render(source)
  } catch (error) {
    if (error instanceof TemplateError)
      return { message: error.message, kind: error.kind, place: error.place }
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('plain templates', () => {
  it.each(templates)('render as generated code does: %j', (source) => {
    expect(render(source)).toBe(render(source + detour))
  })

  it.each(templates)('give the same values: %j', (source) => {
    const native = (text: string) => dialect.renderNative(dialect.parse(text, 'a.yml'), names)
    expect(native(source)).toEqual(native(`${source}${detour}`))
  })

  it.each(failing)('fail at the same place: %j', (source) => {
    expect(failureOf(source)).toEqual(failureOf(source + detour))
  })

  it('know where each piece comes from', () => {
    const source = "select 1,\n  {{ ref('a') }} from x"
    const placesOf = (text: string) => {
      const { text: rendered, map } = dialect.render(dialect.parse(text, 'models/a.sql'), names)
      return Array.from(rendered, (_, offset) => map.placeAt(offset))
    }
    expect(placesOf(source)).toEqual(placesOf(source + detour))
  })
})
