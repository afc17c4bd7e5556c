import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseSource, templateSource } from '../../../src/compile/dialect/parser.ts'
import { plainParts } from '../../../src/compile/dialect/plain-root.ts'
import { readPlainSource } from '../../../src/compile/dialect/plain-source.ts'

/*
 * Plain templates are read without the parser. Whatever is read so is what the parser gives, and what the parser
 * refuses is not read.
 */

function bothWays(written: string) {
  const { source, start } = templateSource(written, 'models/a.sql', { trimmed: true })
  const parser = () => {
    const { root, calls, names, definitions } = parseSource(source, start)
    expect(definitions).toEqual([])
    return { parts: plainParts(root), calls, names }
  }
  return { plain: readPlainSource(source, start), parser }
}

const read = [
  '',
  'select 1',
  '  \n select 1 \n',
  "select * from {{ ref('a') }}",
  `{{ref("pkg",'a',v=2)}}x{{ source( 's' , "t" ) }}`,
  "{{ config(\n  materialized='table',\n  tags=['a', \"b\"],\n  enabled=true,\n) }}\n\nselect 1",
  "{{ mine() }}{{ var('x', none) }}{{ var('y', [1, 20, 'z',],) }}",
  "a } }} { b {{ ref('{{ }}') }}",
  "{{ ref('é') }} ü",
  "{{ config(a=1, a=2, __proto__='x') }}",
]

const left = [
  '{{ this }}',
  "{{- ref('a') }}",
  "{{ ref('a') -}}",
  "{{+ ref('a') }}",
  "{{ ref('a').x }}",
  "{{ ref('a' 'b') }}",
  "{{ ref('a\\'b') }}",
  '{{ ref(a) }}',
  "{{ ref(a='x', 'y') }}",
  '{{ ref(,) }}',
  "{{ ref('a' }}",
  "{{ ref('a')",
  "{{ not('a') }}",
  "{{ true('a') }}",
  '{{ f(1.5) }}',
  '{{ f(-1) }}',
  '{{ f(0x1) }}',
  '{{ f(1_000) }}',
  '{{ f(a==1) }}',
  '{{ f(trueé) }}',
  '{{ f([[1]]) }}',
  "{{ f({'a': 1}) }}",
  "{# {{ ref('a') }} #}",
  "{% if x %}{{ ref('a') }}{% endif %}",
]

describe('a plain template', () => {
  it.each(read)('is read as the parser reads it: %j', (written) => {
    const { plain, parser } = bothWays(written)
    expect(plain).not.toBeNull()
    expect(plain).toEqual(parser())
  })

  it.each(left)('is nothing like %j', (written) => {
    expect(bothWays(written).plain).toBeNull()
  })

  const bits = [
    ...[
      "'",
      '"',
      "'a'",
      '"b c"',
      'ref',
      'config',
      'var',
      'f',
      'not',
      'if',
      'is',
      'in',
      'true',
      'None',
      'nonet',
    ],
    ...['(', ')', '[', ']', ',', '=', '==', '.', '|', '-', '+', '~', ' ', '\n', '\t', 'é', '\u00a0', '\\'],
    ...['0', '1', '12', '007', '1.5', '1e3', '0x1', '9007199254740993', '_', '__proto__'],
  ]
  const loose = fc.array(fc.constantFrom(...bits), { maxLength: 7 }).map((some) => `{{${some.join('')}}}`)
  const value = fc.constantFrom("'a'", '"b"', 'true', 'none', '3', "['a', 'b']", '[1,]', '[]', 'x', "'a' 'b'")
  const argument = fc.tuple(fc.constantFrom('', '', 'k=', 'k = ', 'ref='), value).map((some) => some.join(''))
  const closer = fc.constantFrom(')', ')', ',)', ' , )', ') | x', ').y')
  const call = fc
    .tuple(fc.constantFrom('ref', 'config', 'f', 'source '), fc.array(argument, { maxLength: 3 }), closer)
    .map(([name, args, end]) => `{{ ${name}(${args.join(',')}${end} }}`)
  const text = fc.constantFrom('select 1 ', '\n', ' ', '{', '}}', '{ {', '{{', '{#', '{%', 'ä')
  const template = fc.array(fc.oneof(call, call, loose, text), { maxLength: 5 }).map((some) => some.join(''))

  it('is what the parser gives, whatever is written', () => {
    fc.assert(
      fc.property(template, (written) => {
        const { plain, parser } = bothWays(written)
        if (plain) expect(plain).toEqual(parser())
      }),
      { numRuns: 4000 },
    )
  })
})
