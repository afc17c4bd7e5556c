import type { Block, Document, DocumentTable } from './document.ts'

/** The document as Markdown; a chart is there by its caption, its numbers stand in the tables. */
export function toMarkdown({ title, blocks }: Document): string {
  return `${[`# ${plain(title)}`, ...blocks.map(blockText)].join('\n\n')}\n`
}

function blockText(block: Block): string {
  switch (block.kind) {
    case 'heading':
      return `${'#'.repeat(block.level)} ${plain(block.text)}`
    case 'paragraph':
      return plain(block.text)
    case 'callout':
      return `> **${plain(block.text)}**`
    case 'list':
      return block.items.map((item) => `- ${plain(item)}`).join('\n')
    case 'table':
      return tableText(block.table)
    case 'figure':
      return `*Drawing in the HTML version: ${plain(block.caption)}*`
    case 'chart':
      return `*Chart in the HTML version: ${plain(block.chart.caption)}*`
  }
}

function tableText({ head, rows, numeric = [] }: DocumentTable): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cellText).join(' | ')} |`
  const rule = `|${head.map((_, index) => (numeric.includes(index) ? ' ---: ' : ' --- ')).join('|')}|`
  return [line(head), rule, ...rows.map(line)].join('\n')
}

function cellText(text: string): string {
  return plain(text).replaceAll('|', '\\|')
}

/** One line in which nothing means more than it says: names of metrics and segments come from people. */
function plain(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/[\\`*[\]<>]|^#|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g, '\\$&')
}
