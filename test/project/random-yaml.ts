import type { makeRandom } from '../../src/stats/random/philox.ts'

/*
 * YAML made up at random, most of it plain, some of it odd or wrong.
 */

type Random = ReturnType<typeof makeRandom>

const keys = ['name', 'tests', 'a.b', '+c', 'yes', 'x-y', '<<', '1', '"q"', 'k k', '_']
const scalars = [
  ...[
    'x',
    '2',
    '1.0',
    'yes',
    '~',
    '"a b"',
    "'c'",
    'd # e',
    'f#g',
    'h: i',
    'http://j',
    '-1',
    '- k',
    '[l]',
    '&m n',
  ],
  ...[
    '*o',
    '|',
    '>-',
    '!p q',
    '"r',
    "s'",
    '"t" u',
    "'v' # w",
    '{{ x }}',
    'y,',
    '?',
    '? z',
    ':',
    ': a',
    '%',
    '@b',
  ],
  ...['c  ', '""', "''", "'d''e'", '"f\\n"', '=', '---', '...', 'é – ü', '#'],
]

/** Lines as they stand in such files, most of them where they belong. */
export function randomYaml(random: Random): string {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random.uniform() * list.length)]!
  const often = <T>(usual: T, other: () => T): T => (random.bernoulli(0.93) ? usual : other())
  const lines: string[] = []
  const value = (): string => (random.bernoulli(0.8) ? pick(scalars.slice(0, 9)) : pick(scalars))
  const key = (): string =>
    random.bernoulli(0.9) ? pick(keys.slice(0, 6)) + String(lines.length) : pick(keys)
  const indented = (indent: number): string =>
    ' '.repeat(often(indent, () => Math.floor(random.uniform() * 7)))
  const put = (line: string): void => {
    lines.push(line)
    if (random.bernoulli(0.06))
      lines.push(pick(['', '# said', '   # said', '   ', '      ', '\t', 'odd', '  odd']))
  }
  const map = (indent: number, depth: number, first: string): void => {
    const size = 1 + Math.floor(random.uniform() * 3)
    for (let index = 0; index < size; index++) {
      const start = index === 0 ? first : indented(indent)
      const name = `${start}${key()}:`
      if (depth > 0 && random.bernoulli(0.4)) {
        put(often(name, () => `${name} `))
        block(indent, depth - 1)
      } else put(`${name}${often(' ', () => pick(['  ', '', '\t']))}${value()}`)
    }
  }
  const block = (outer: number, depth: number): void => {
    if (random.bernoulli(0.5)) {
      const indent = outer + pick([1, 2, 4])
      map(indent, depth, indented(indent))
    } else list(outer + pick([0, 0, 2, 3]), depth)
  }
  const list = (indent: number, depth: number): void => {
    const size = 1 + Math.floor(random.uniform() * 3)
    for (let index = 0; index < size; index++) {
      const start = `${indented(indent)}-${often(' ', () => '   ')}`
      if (random.bernoulli(0.5)) put(start + value())
      else map(indent + 2, depth, start)
    }
  }
  map(
    0,
    3,
    often('', () => '  '),
  )
  return lines.join('\n') + pick(['', '\n', '\n\n', '\n  ', '\n# end', '\nodd'])
}
