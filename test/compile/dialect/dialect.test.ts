import { describe, expect, it } from 'vitest'
import {
  type Answers,
  Dict,
  describeMacros,
  Float,
  fromJs,
  hostFunction,
  hostObject,
  makeDialect,
  type NameSource,
  raise,
  repr,
  str,
  TemplateError,
  Tuple,
  toJs,
  type Value,
} from '../../../src/compile/dialect/index.ts'

const dialect = makeDialect({ clock: () => new Date('2024-05-06T07:08:09Z'), random: () => 0.5 })

function names(values: Record<string, unknown> = {}): NameSource {
  return { lookup: (name) => (Object.hasOwn(values, name) ? fromJs(values[name]) : undefined) }
}

function render(source: string, values: Record<string, unknown> = {}): string {
  return dialect.render(dialect.parse(source, 'models/a.sql'), names(values)).text
}

function errorOf(run: () => unknown): TemplateError {
  try {
    run()
  } catch (error) {
    if (error instanceof TemplateError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('errors', () => {
  it('tell the place of a mistake in syntax', () => {
    const error = errorOf(() => dialect.parse('select 1\nfrom {{ ref("a" }}', 'models/a.sql'))
    expect(error).toMatchObject({ file: 'models/a.sql', line: 2, kind: 'TemplateSyntaxError' })
    expect(error.column).toBe(17)
  })

  it('tell the place of a tag that is not closed', () => {
    expect(errorOf(() => dialect.parse('a\n {% if x %}', 'f.sql')).message).toContain("'if'")
    expect(errorOf(() => dialect.parse('a {{ b', 'f.sql')).hint).toContain('}}')
  })

  it('tell the place of what failed while rendering', () => {
    const error = errorOf(() => render("a\nb {{ 1 + 'x' }}"))
    expect(error).toMatchObject({ line: 2, kind: 'TypeError' })
    expect(error.message).toBe("unsupported operand type(s) for +: 'int' and 'str'")
  })

  it('tell the macros that led there', () => {
    const macros = dialect.parse(
      '{% macro inner() %}\n\n{{ nope() }}{% endmacro %}\n{% macro outer() %}{{ inner() }}{% endmacro %}',
      'macros/m.sql',
    )
    const find = (name: string) => macros.blocks.find((block) => block.name === name)
    const template = dialect.parse('select\n  {{ outer() }}', 'models/a.sql')
    const error = errorOf(() => dialect.render(template, { lookup: find }))
    expect(error.place).toEqual({ file: 'macros/m.sql', line: 3, column: 4 })
    expect(error.outerPlace).toEqual({ file: 'models/a.sql', line: 2, column: 6 })
    expect(describeMacros(error.macros)).toEqual([
      'in macro inner (macros/m.sql:3)',
      'in macro outer (macros/m.sql:4)',
    ])
    expect(error.hint).toBeDefined()
  })

  it('keep what a host function threw as their cause', () => {
    const cause = new Error('no such model')
    const fail = hostFunction('fail', () => {
      throw cause
    })
    const error = errorOf(() => render('{{ fail() }}', { fail }))
    expect(error.cause).toBe(cause)
    expect(error.message).toBe('no such model')
  })

  it('stop a macro that calls itself without end', () => {
    const error = errorOf(() => render('{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}'))
    expect(error.kind).toBe('RecursionError')
  })

  it('refuse the time when no clock was given', () => {
    const timeless = makeDialect()
    const template = timeless.parse('{{ modules.datetime.datetime.now() }}', 'a.sql')
    expect(() => timeless.render(template, names())).toThrow('the time is not known')
  })
})

describe('the sandbox', () => {
  const host = hostObject({ type: 'Thing', attribute: (name) => (name === 'ok' ? 1 : undefined) })
  const reaching = [
    "''.constructor",
    "[].constructor.constructor('return 1')()",
    "x.constructor('return process')()",
    '{}.__proto__',
    "{}['__proto__'].polluted",
    "d['constructor']",
    'd.hasOwnProperty',
    'x.protocol',
    "x['protocol']",
    'f.protocol.call',
    'f.constructor',
    'xs.length',
    'xs.push',
    "xs['map']",
    "'a'.charCodeAt",
    '(1).toFixed',
    'none.constructor',
    'range.constructor',
    'loop.constructor',
    'process',
    'globalThis',
    'require',
    'rt',
    'out',
    'this',
    'modules.re.constructor',
    'modules.datetime.datetime.prototype',
    "'{0.constructor}'.format('a')",
    "'{0.__class__.__mro__}'.format('a')",
    "xs | map(attribute='constructor') | first",
    "x | attr('protocol')",
    'namespace(a=1).constructor',
    'namespace(a=1).attributes',
  ]
  for (const expression of reaching)
    it(`${expression} reaches nothing`, () => {
      const values = { d: { a: 1 }, xs: [1], x: host, f: hostFunction('f', () => 1) }
      let text: string
      try {
        text = render(`{{ ${expression} }}`, values)
      } catch (error) {
        expect(error).toBeInstanceOf(TemplateError)
        return
      }
      expect(text).toBe('')
    })

  it('keeps names out of the generated code', () => {
    expect(render('{% set constructor = 1 %}{% set __proto__ = 2 %}{{ constructor }}{{ __proto__ }}')).toBe(
      '12',
    )
    expect(
      render("{{ f(**{'__proto__': 1}) }}", {
        f: hostFunction('f', (_args, kwargs) => repr(fromJs(Object.keys(kwargs)))),
      }),
    ).toBe("['__proto__']")
    expect(
      render('{{ f(__proto__=1) }}', { f: hostFunction('f', (_args, kwargs) => Object.keys(kwargs).join()) }),
    ).toBe('__proto__')
    expect(render('{{ \'"); process.exit(1); ("\' }}')).toBe('"); process.exit(1); ("')
  })

  it('limits repetitions and ranges', () => {
    expect(() => render("{{ 'a' * 10 ** 9 }}")).toThrow(TemplateError)
    expect(() => render('{{ 10 ** (10 ** 9) }}')).toThrow(TemplateError)
    expect(() => render('{{ range(1000000) | list }}')).toThrow('Range too big')
  })
})

describe('the source map', () => {
  const source =
    "select a,\n  {{ col }} as b\n{% set w %}\nwhere {{ cond }}\n{% endset %}from {{ m('t') }}{{ w }}"
  const macros = dialect.parse('{% macro m(x) %}\n  s.{{ x }} as q\n{% endmacro %}', 'macros/m.sql')
  const template = dialect.parse(source, 'models/a.sql')
  const { text, map } = dialect.render(template, {
    lookup: (name) =>
      name === 'm' ? macros.blocks[0] : name === 'col' ? 'b1' : name === 'cond' ? 'x > 1' : undefined,
  })
  const at = (part: string) => map.placeAt(text.indexOf(part))

  it('is exact for literal text', () => {
    expect(at('a,')).toMatchObject({ file: 'models/a.sql', line: 1, column: 8, exact: true })
    expect(at('as b')).toMatchObject({ line: 2, column: 13, exact: true })
    expect(at('from')).toMatchObject({ line: 5, column: 13, exact: true })
  })

  it('points to the tag for computed text', () => {
    expect(at('b1')).toEqual({ file: 'models/a.sql', line: 2, column: 3, exact: false, inside: [] })
  })

  it('tells the place in the macro beside the tag', () => {
    expect(at('as q')).toEqual({
      file: 'models/a.sql',
      line: 5,
      column: 18,
      exact: false,
      inside: [{ file: 'macros/m.sql', line: 2, column: 13, macro: 'm', exact: true }],
    })
    expect(at('t as q').inside).toMatchObject([{ line: 2, column: 5, exact: false }])
  })

  it('leads into a set block that is printed later', () => {
    expect(at('where')).toMatchObject({ line: 4, column: 1, exact: true, inside: [] })
    expect(at('x > 1')).toMatchObject({ line: 4, column: 7, exact: false })
  })

  it('leads back to the template for text it gave to a macro', () => {
    const wrap = dialect.parse('{% macro wrap() %}({{ caller() }}){% endmacro %}', 'macros/w.sql')
    const calling = dialect.parse('a\n{% call wrap() %}inner text{% endcall %}', 'models/b.sql')
    const rendered = dialect.render(calling, { lookup: () => wrap.blocks[0] })
    expect(rendered.text).toBe('a\n(inner text)')
    const inner = rendered.map.placeAt(rendered.text.indexOf('text'))
    expect(inner).toMatchObject({ file: 'models/b.sql', line: 2, column: 24, exact: true, inside: [] })
    expect(rendered.map.placeAt(2).inside).toMatchObject([{ macro: 'wrap', line: 1, column: 19 }])
  })

  it('survives line ends of Windows', () => {
    const rendered = dialect.render(dialect.parse('a\r\nb {{ 1 }}\r\nerr', 'c.sql'), names())
    expect(rendered.map.placeAt(rendered.text.indexOf('err'))).toMatchObject({ line: 3, column: 1 })
  })
})

describe('parsing', () => {
  it('lists what a file defines', () => {
    const source = [
      '{% macro m(a, b: int = 1) -%} x {%- endmacro %}',
      '{% test positive(model, column_name) %}y{% endtest %}',
      '{% data_test other(model) %}y{% enddata_test %}',
      "{% materialization log, adapter='postgres', supported_languages=['sql', 'python'] %}z{% endmaterialization %}",
      '{% materialization plain, default %}z{% endmaterialization %}',
      '{% docs about %}text{% enddocs %}',
      '{% snapshot snap %}select {{ 1 }}{% endsnapshot %}',
    ].join('\n')
    const { blocks, text } = dialect.parse(source, 'macros/all.sql')
    expect(blocks.map(({ kind, name, adapter }) => [kind, name, adapter])).toEqual([
      ['macro', 'm', null],
      ['test', 'positive', null],
      ['test', 'other', null],
      ['materialization', 'log', 'postgres'],
      ['materialization', 'plain', 'default'],
      ['docs', 'about', null],
      ['snapshot', 'snap', null],
    ])
    const [macro, , , materialization, , , snapshot] = blocks
    expect(macro!.parameters).toEqual([
      { name: 'a', typeName: null, hasDefault: false },
      { name: 'b', typeName: 'int', hasDefault: true },
    ])
    expect(text.slice(macro!.start, macro!.end)).toBe('{% macro m(a, b: int = 1) -%} x {%- endmacro %}')
    expect(materialization!.supportedLanguages).toEqual(['sql', 'python'])
    expect(text.slice(snapshot!.bodyStart, snapshot!.bodyEnd)).toBe('select {{ 1 }}')
    const rendered = dialect.renderBlock(snapshot!, names())
    expect(rendered.text).toBe('select 1')
    expect(rendered.map.placeAt(0)).toMatchObject({ line: 7, column: 20, exact: true })
  })

  it('lists the calls that name dependencies, with their places', () => {
    const source =
      "{{ config(tags=['x'], enabled=var('on', true)) }}\nfrom {{ ref('pkg', 'm', v=2) }}, {{ ref(name) }}{% macro q() %}{{ source('a', 'b') }}{% endmacro %}"
    const { calls, names: read } = dialect.parse(source, 'm.sql')
    expect(calls.map(({ name, args, literal, block }) => [name, args, literal, block])).toEqual([
      ['var', ['on', true], true, null],
      ['config', [], false, null],
      ['ref', ['pkg', 'm'], true, null],
      ['ref', [undefined], false, null],
      ['source', ['a', 'b'], true, 'q'],
    ])
    expect(calls[2]).toMatchObject({ kwargs: { v: 2 }, place: { file: 'm.sql', line: 2, column: 9 } })
    expect([...read].sort()).toEqual(['config', 'name', 'ref', 'source', 'var'])
  })

  it('can read definitions alone, passing over what stands around them', () => {
    const source = '# Notes {{ not ( jinja }} {% unknown "%}" %}\n{% docs a %}hello {{ 1 }}{% enddocs %} {{'
    const { blocks } = dialect.parse(source, 'notes.md', { definitionsOnly: true })
    expect(dialect.renderBlock(blocks[0]!, names()).text).toBe('hello 1')
  })

  it('knows a text without tags', () => {
    expect(dialect.parse('select 1', 'a.sql').isPlainText).toBe(true)
    expect(dialect.parse('select {# #} 1', 'a.sql').isPlainText).toBe(false)
  })
})

describe('macros', () => {
  const files = ['a', 'b'].map((name) =>
    dialect.parse(
      `{% macro who() %}{{ return(tell()) }}{% endmacro %}{% macro tell() %}{{ this }} of ${name}{% endmacro %}`,
      `${name}.sql`,
    ),
  )

  it('are found by name at call time, by where the caller stands, and see the caller`s context', () => {
    const source: NameSource = {
      lookup: (name, from) => {
        if (name === 'this') return 'the model'
        if (name === 'first' || name === 'second') return files[name === 'first' ? 0 : 1]!.blocks[0]
        return from?.template.blocks.find((block) => block.name === name)
      },
    }
    const template = dialect.parse('{{ first() }}, {{ second() }}', 'm.sql')
    expect(dialect.render(template, source).text).toBe('the model of a, the model of b')
  })

  it('hand back native values when called from outside', () => {
    const { blocks } = dialect.parse(
      "{% macro m(a, b=2) %}{{ return({'sum': a + b}) }}{% endmacro %}",
      'm.sql',
    )
    expect(toJs(dialect.callMacro(blocks[0]!, [1], { b: 5 }, names()))).toEqual({ sum: 6 })
    const { blocks: text } = dialect.parse('{% macro t(a) %} {{ a }} {% endmacro %}', 'm.sql')
    expect(dialect.callMacro(text[0]!, [1], {}, names())).toBe(' 1 ')
  })

  it('can be handed out as values by host functions', () => {
    const { blocks } = dialect.parse('{% macro impl(x) %}<{{ x }}>{% endmacro %}', 'm.sql')
    const context = dialect.context({
      lookup: (name) =>
        name === 'dispatch' ? hostFunction('dispatch', () => context.macro(blocks[0]!)) : undefined,
    })
    expect(dialect.render(dialect.parse("{{ dispatch('impl')(3) }}", 'a.sql'), context).text).toBe('<3>')
  })
})

describe('questions to the outside', () => {
  const template = dialect.parse(
    "{% set rows = ask('q1') %}{% for r in rows %}{{ ask('q2') ~ r }};{% endfor %}{{ ask('q1') | length }}",
    'a.sql',
  )

  it('suspend the rendering and are each asked once', async () => {
    const asked: string[] = []
    let attempts = 0
    const makeNames = (answers: Answers): NameSource => {
      attempts += 1
      const ask = hostFunction('ask', ([key]) => answers.ask({ key: str(key!) }))
      return names({ ask })
    }
    const rendered = await dialect.renderWithAnswers(template, makeNames, async ({ key, occurrence }) => {
      asked.push(`${key}#${occurrence}`)
      return key === 'q1' ? ['a', 'b'] : asked.length
    })
    expect(rendered.text).toBe('2a;3b;2')
    expect(asked).toEqual(['q1#0', 'q2#0', 'q2#1', 'q1#1'])
    expect(attempts).toBe(5)
  })

  it('fail with the error of the answer', async () => {
    const makeNames = (answers: Answers) =>
      names({ ask: hostFunction('ask', () => answers.ask({ key: 'k' })) })
    const refused = dialect.renderWithAnswers(template, makeNames, async () => {
      throw new Error('no database')
    })
    await expect(refused).rejects.toThrow('no database')
  })
})

describe('values', () => {
  it('come from and go to plain JavaScript', () => {
    const data = { n: 1, x: 1.5, big: 2n ** 70n, list: [null, true, 'a'], map: new Map([[1, 'one']]) }
    expect(repr(fromJs(data))).toBe(
      "{'n': 1, 'x': 1.5, 'big': 1180591620717411303424, 'list': [None, True, 'a'], 'map': {1: 'one'}}",
    )
    expect(toJs(fromJs(data))).toEqual({ ...data, map: { 1: 'one' } })
    expect(toJs(new Tuple([new Float(2), 3]))).toEqual([2, 3])
    expect(str(fromJs(new Date('2024-05-06T07:08:09Z')))).toBe('2024-05-06 07:08:09+00:00')
    expect(toJs(fromJs(new Date(0)))).toEqual(new Date(0))
    expect(() => fromJs(() => 1)).toThrow('hostFunction')
  })

  it('keep floats apart from ints when asked to', () => {
    expect(render('{{ x }} {{ y }}', { x: new Float(1), y: 1 })).toBe('1.0 1')
  })

  it('of the host take part by their protocol', () => {
    const make = (n: number): Value =>
      hostObject({
        type: 'Box',
        str: () => `box ${n}`,
        repr: () => `<Box ${n}>`,
        truth: () => n > 0,
        attribute: (name) => (name === 'n' ? n : undefined),
        item: (key) => (key === 'half' ? n / 2 : undefined),
        equals: (other) => str(other) === `box ${n}`,
        compare: (other) => n - Number(str(other).slice(4)),
        hashKey: () => `box ${n}`,
        binary: (operator, other, reflected) =>
          operator === '+' && !reflected && typeof other === 'number' ? make(n + other) : undefined,
        iterate: () => [n],
        length: () => 1,
      })
    const values = { a: make(2), b: make(2), c: make(0) }
    expect(
      render(
        "{{ a }} {{ [a] }} {{ a.n }} {{ a['half'] }} {{ a == b }} {{ a > c }} {{ a + 3 }} {{ a | list }} {{ a | length }} {{ 'y' if c else 'n' }} {{ {a: 1}[b] }}",
        values,
      ),
    ).toBe('box 2 [<Box 2>] 2 1 True True box 5 [2] 1 n 1')
    expect(errorOf(() => render('{{ a - 1 }}', values)).message).toBe(
      "unsupported operand type(s) for -: 'Box' and 'int'",
    )
  })

  it('print slices of ranges and callers as Python does', () => {
    expect(render('{% set r = range(1, 9, 3) %}{{ r[::2] }} {{ r[1:] }} {{ r[5:] }} {{ r[::-1] }}', {})).toBe(
      'range(1, 10, 6) range(4, 10, 3) range(10, 10, 3) range(7, -2, -3)',
    )
    expect(render('{% macro m() %}{{ kwargs }}{% endmacro %}{% call m() %}x{% endcall %}', {})).toBe(
      "{'caller': <Macro anonymous>}",
    )
  })

  it.each([
    ['{{ nope | default(none) }}', 'None'],
    ['{{ nope | default(nope) | default(none) is none }}', 'True'],
    ["{{ '' | default(none, true) }}", 'None'],
    ["{{ 'x' | int(none) }} {{ 'x' | int(default=none) }} {{ 'x' | float(none) }}", 'None None None'],
    ['{{ nope | default }}|{{ nope | default(nope) is defined }}', '|False'],
  ])('default to what is given, None too: %s', (source, expected) => {
    // The expected values are what Jinja renders.
    expect(render(source)).toBe(expected)
  })

  it('that are undefined may be used freely while a project is parsed', () => {
    const template = dialect.parse('{{ nope.a.b(1)[2] }}{{ graph.x }}|', 'a.sql')
    expect(dialect.render(template, { ...names(), lenient: true }).text).toBe('|')
    expect(() => dialect.render(template, names())).toThrow("'nope' is undefined")
  })

  it('are what YAML values render to', () => {
    const native = (source: string) =>
      dialect.renderNative(dialect.parse(source, 'a.yml'), names({ v: { a: [1] }, n: 5 }))
    expect(native('{{ v }}')).toBeInstanceOf(Dict)
    expect(native('{{ n }}')).toBe(5)
    expect(native('{{ n }} days')).toBe('5 days')
    expect(native("{{ 'True' | as_bool }}")).toBe(true)
    expect(() => native("{{ 'maybe' | as_bool }}")).toThrow(
      "Could not convert value 'maybe' into type 'bool'",
    )
  })

  it('raise Python errors from host functions', () => {
    const fail = hostFunction('fail', ([message]) => raise('ValueError', str(message!)))
    expect(errorOf(() => render("{{ fail('bad') }}", { fail }))).toMatchObject({
      kind: 'ValueError',
      message: 'bad',
    })
  })
})

describe('nunjucks', () => {
  it('extensions, filters, tests and globals plug in', () => {
    const extended = makeDialect()
    const { environment } = extended
    environment.addFilter(
      'shout',
      (text, options) => `${String(text)}${(options as { mark?: string })?.mark ?? '!'}`,
    )
    environment.addTest('long', (text) => String(text).length > 3)
    environment.addGlobal('twice', (n: unknown) => Number(n) * 2)
    environment.addExtension('Box', {
      tags: ['box'],
      // biome-ignore lint/suspicious/noExplicitAny: nunjucks' parser and nodes have no types here
      parse(parser: any, nodes: any) {
        const tag = parser.nextToken()
        const args = parser.parseSignature(null, true)
        parser.advanceAfterBlockEnd(tag.value)
        const body = parser.parseUntilBlocks('else', 'endbox')
        let other = null
        if (parser.skipSymbol('else')) {
          parser.skip('block-end')
          other = parser.parseUntilBlocks('endbox')
        }
        parser.advanceAfterBlockEnd()
        return new nodes.CallExtension(this, 'run', args, [body, other])
      },
      run(
        _context: unknown,
        title: string,
        options: { wide: boolean },
        body: () => string,
        other: () => string,
      ) {
        return `[${title}${options.wide ? '+' : ''}:${body()}/${other()}]`
      },
    } as never)
    const source =
      "{{ 'a' | shout }}{{ 'a' | shout(mark='?') }}{{ 'abcd' is long }}{{ twice(4) }}{% box 't', wide=true %}{{ twice(1) }}{% else %}o{% endbox %}."
    expect(extended.render(extended.parse(source, 'a.sql'), names()).text).toBe('a!a?True8[t+:2/o].')
  })
})
