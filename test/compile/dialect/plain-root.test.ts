import fc from 'fast-check'
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

/** What comes of a template: its text with the place of each character and its value, or why there is none. */
function outcomeOf(source: string) {
  try {
    const template = dialect.parse(source, 'models/a.sql')
    const { text, map } = dialect.render(template, names)
    const places = Array.from({ length: text.length }, (_, offset) => map.placeAt(offset))
    return { text, places, value: dialect.renderNative(template, names) }
  } catch (error) {
    if (error instanceof TemplateError)
      return { message: error.message, kind: error.kind, place: error.place }
    throw error
  }
}

function failureOf(source: string) {
  const outcome = outcomeOf(source)
  if ('text' in outcome) throw new Error('nothing was thrown')
  return outcome
}

/** Expressions of the kinds that take the fast path, most of which mean something. */
const { expression } = fc.letrec<{ expression: string; call: string }>((tie) => ({
  expression: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(
      '1',
      '-1',
      '1.0',
      '1e3',
      '007',
      "'a'",
      '"b c"',
      "'it\\'s'",
      "'\\n'",
      'none',
      'True',
      'false',
    ),
    fc.constantFrom('flag', 'target', 'nothing', 'unknown', 'true', 'loop', 'self', '__proto__', "'' ''"),
    fc.constantFrom(
      'target.schema',
      'target["list"]',
      'target.list[0]',
      'unknown.x',
      'nothing.x',
      'flag.__class__',
    ),
    tie('expression').map((inner) => `(${inner})`),
    tie('expression').map((inner) => `${inner}.schema`),
    fc.array(tie('expression'), { maxLength: 3 }).map((items) => `[${items.join(', ')}]`),
    fc.array(tie('expression'), { minLength: 2, maxLength: 3 }).map((items) => `(${items.join(', ')},)`),
    tie('call'),
  ),
  call: fc
    .tuple(
      fc.constantFrom('ref', 'describe', 'fails', 'unknown', 'target', 'ref\n ', 'range', 'namespace'),
      fc.array(fc.tuple(fc.constantFrom('', '', '', 'a=', 'b = ', '__proto__='), tie('expression')), {
        maxLength: 3,
      }),
    )
    .map(([name, given]) => `${name}(${given.map((one) => one.join('')).join(',\n')})`),
}))
const tag = fc
  .tuple(
    fc.constantFrom('{{ ', '{{', '{{- ', '{{\n'),
    expression,
    fc.constantFrom(' }}', '}}', ' -}}', '\n}}'),
  )
  .map((some) => some.join(''))
// A bracket could open a tag together with what follows, which the detour would then stand in.
const text = fc.constantFrom('', 'a', ' ', '\n', '\n  b ', 'é', '\ud83d\ude00', '}}', '{# no #}', '\r\n')
const template = fc.array(fc.oneof(tag, text), { maxLength: 6 }).map((some) => some.join(''))

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

  it('come to the same, whatever stands in them', () => {
    fc.assert(
      fc.property(template, (written) => {
        // A line end that is the last thing in a template is no part of it.
        const source = /[\n\r]$/.test(written) ? `${written}.` : written
        expect(outcomeOf(source)).toEqual(outcomeOf(source + detour))
      }),
      {
        seed: Number(process.env['ESTIMAND_SEED'] ?? 1),
        numRuns: Number(process.env['ESTIMAND_RUNS'] ?? 3000),
      },
    )
  })
})
