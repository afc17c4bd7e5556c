import { escapeHtml } from '../../core/escape-html.ts'
import type { Block, Document, DocumentTable } from './document.ts'
import { renderChart } from './render-chart.ts'

/** The document as one HTML page that loads nothing: its charts are SVG within it. */
export async function toHtml({ title, blocks }: Document): Promise<string> {
  const parts: string[] = []
  for (const block of blocks) parts.push(await blockHtml(block))
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title>
<style>
  body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; padding: 0 1rem; max-width: 60rem; color: #222; background: #fff; }
  table { border-collapse: collapse; margin: 1rem 0; }
  th, td { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid #ddd; }
  .number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
  .callout { padding: .6rem 1rem; border-left: .3rem solid #777; background: #f5f5f5; font-weight: 600; }
  .good { border-color: #228833; }
  .bad { border-color: #cc3311; }
  figure { margin: 1rem 0; overflow-x: auto; }
  figcaption { color: #555; font-size: .9em; }
</style>
<h1>${escapeHtml(title)}</h1>
${parts.join('\n')}
</html>
`
}

async function blockHtml(block: Block): Promise<string> {
  switch (block.kind) {
    case 'heading':
      return `<h${block.level}>${escapeHtml(block.text)}</h${block.level}>`
    case 'paragraph':
      return `<p>${escapeHtml(block.text)}</p>`
    case 'callout':
      return `<p class="callout ${block.tone}">${escapeHtml(block.text)}</p>`
    case 'list':
      return `<ul>${block.items.map((item) => `<li>${escapeHtml(item)}</li>`).join('')}</ul>`
    case 'table':
      return tableHtml(block.table)
    case 'figure':
      return `<figure>${block.svg}<figcaption>${escapeHtml(block.caption)}</figcaption></figure>`
    case 'chart': {
      const { caption, spec } = block.chart
      return `<figure>${await renderChart(spec)}<figcaption>${escapeHtml(caption)}</figcaption></figure>`
    }
  }
}

function tableHtml({ head, rows, numeric = [] }: DocumentTable): string {
  const cell = (tag: 'th scope="col"' | 'td', text: string, index: number): string =>
    `<${tag}${numeric.includes(index) ? ' class="number"' : ''}>${escapeHtml(text)}</${tag.slice(0, 2)}>`
  const line = (tag: 'th scope="col"' | 'td', cells: readonly string[]): string =>
    `<tr>${cells.map((text, index) => cell(tag, text, index)).join('')}</tr>`
  return `<table>
<thead>${line('th scope="col"', head)}</thead>
<tbody>
${rows.map((cells) => line('td', cells)).join('\n')}
</tbody>
</table>`
}
