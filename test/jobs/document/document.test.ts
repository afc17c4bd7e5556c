import { describe, expect, test } from 'vitest'
import { chart, type Document, heading, list, paragraph, table } from '../../../src/jobs/document/document.ts'
import { bandChart, intervalChart } from '../../../src/jobs/document/interval-charts.ts'
import { renderChart } from '../../../src/jobs/document/render-chart.ts'
import { toHtml } from '../../../src/jobs/document/to-html.ts'
import { toMarkdown } from '../../../src/jobs/document/to-markdown.ts'

const intervals = [
  { label: 'revenue_per_user', estimate: 0.03, lower: 0.01, upper: 0.05, group: 'goal' },
  { label: 'sessions', estimate: -0.01, lower: -0.03, upper: 0.01, group: 'guardrail' },
]

const document: Document = {
  title: 'Does <b>it</b> help?',
  blocks: [
    heading(2, 'Results'),
    paragraph('The metric revenue_per_user rose * a lot.\n# Not a heading'),
    list(['one', 'two | three']),
    table(['metric', 'effect'], [['a|b', '+3.0 %']], [1]),
    { kind: 'callout', tone: 'good', text: 'Ship it.' },
    chart('Effects.', intervalChart(intervals, 'effect', 'relative')),
  ],
}

describe('a document', () => {
  test('in Markdown says no more than it says', () => {
    expect(toMarkdown(document)).toBe(`# Does \\<b\\>it\\</b\\> help?

## Results

The metric revenue_per_user rose \\* a lot. # Not a heading

- one
- two | three

| metric | effect |
| --- | ---: |
| a\\|b | +3.0 % |

> **Ship it.**

*Chart in the HTML version: Effects.*
`)
  })

  test('in HTML loads nothing, runs nothing and holds its charts', async () => {
    const page = await toHtml(document)
    expect(page).toContain('<title>Does &lt;b&gt;it&lt;/b&gt; help?</title>')
    expect(page).toContain('<td class="number">+3.0 %</td>')
    expect(page).toContain('<p class="callout good">Ship it.</p>')
    expect(page.match(/<svg /g)).toHaveLength(1)
    expect(page).not.toMatch(/<script|<link|src=|@import|url\((?!#)/)
  })
})

describe('a chart', () => {
  test('is the same whenever it is drawn, and names what it shows', async () => {
    const spec = intervalChart(intervals, 'relative effect', 'relative')
    const [once, again] = [await renderChart(spec), await renderChart(spec)]
    expect(once).toBe(again)
    for (const text of ['revenue_per_user', 'sessions', 'relative effect', 'guardrail'])
      expect(once).toContain(text)
  })

  test('leaves out what has no end', async () => {
    const open = { label: 'one_sided', estimate: 1, lower: 0, upper: Infinity, group: 'goal' }
    const drawn = await renderChart(intervalChart([...intervals, open], 'effect', 'absolute'))
    expect(drawn).not.toContain('one_sided')
    expect(drawn).not.toMatch(/NaN|Infinity/)
  })

  test('over time has one band for each group', async () => {
    const points = ['a', 'b'].flatMap((group) =>
      ['2026-01-01', '2026-01-02', '2026-01-03'].map((at, index) => ({
        ...{ at, group, estimate: index / 100, lower: -0.01, upper: 0.05 },
      })),
    )
    const drawn = await renderChart(bandChart(points, 'relative effect', 'relative'))
    expect(drawn.match(/aria-roledescription="area mark"/g)).toHaveLength(2)
    expect(drawn).toContain('Jan')
  })
})
