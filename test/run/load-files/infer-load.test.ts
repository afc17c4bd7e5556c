import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { readProject } from '../../../src/project/read-project.ts'
import type { SourceFile } from '../../../src/run/load-files/file-source.ts'
import { mostOpenFiles } from '../../../src/run/load-files/files-ahead.ts'
import { inferLoad } from '../../../src/run/load-files/infer-load.ts'
import { localFiles } from '../../../src/run/load-files/local-files.ts'
import { type Files, withProject } from '../../project/temp-project.ts'

const refuse = (message: string) => new Error(message)

/** The YAML for files of a folder, which a project has to read without a problem. */
function inferred(files: Files, from: string, rows?: number): Promise<string[]> {
  return withProject(files, async (root) => {
    const { yaml } = await inferLoad(await localFiles(from, root, refuse).list(), {
      ...{ name: 'orders', schema: 'raw', from, signal: new AbortController().signal },
      ...(rows !== undefined && { rows }),
    })
    mkdirSync(join(root, 'pipelines'))
    writeFileSync(join(root, 'pipelines/orders.yml'), yaml)
    const { loads } = await readProject(root)
    expect(loads.map(({ name }) => name)).toEqual(['orders'])
    return yaml.split('\n').filter((line) => !/^#|^$/.test(line))
  })
}

it('declares a delimited file with its types, formats and folders', async () => {
  const files = {
    'data/day=2026-01-01/a.csv':
      'OrderID;Bestellt am;ok;2x;OrderId\n1;31.12.2025;yes;"b; c";\n3000000000;01.01.2026;no;d;7\n',
    'data/day=2026-01-02/b.csv': 'OrderID;Bestellt am;ok;2x;OrderId\n2;01.01.2026;yes;e;8\n',
  }
  expect(await inferred(files, 'data/day=*/*.csv')).toEqual([
    'loads:',
    '  - name: orders',
    '    kind: files',
    '    from: data/day=*/*.csv',
    '    delimiter: ;',
    '    tables:',
    '      - name: orders',
    '        schema: raw',
    '        columns:',
    '          - { name: order_id, type: bigint, from: OrderID } # 1 to 3000000000, never missing',
    '          - { name: bestellt_am, type: date, from: Bestellt am, format: DD.MM.YYYY } # never missing',
    '          - { name: ok, type: boolean, format: yes|no } # never missing',
    '          - { name: _2x, type: text, from: 2x } # never missing',
    '          - { name: order_id_2, type: integer, from: OrderId } # 7 to 8, 1 of 3 missing',
    '          - { name: day, type: date, partition: day } # never missing',
  ])
})

it('declares objects in lines, with what is missing in some, and looks only as far as it is to', async () => {
  const files = { 'data/a.ndjson': '{"id":1,"user":{"a":1}}\n\n{"id":2.5,"tags":[1]}\n{"id":"x"}\n' }
  const columns = async (rows?: number) => (await inferred(files, 'data/a.ndjson', rows)).slice(8)
  expect(await columns()).toEqual([
    '          - { name: id, type: text } # never missing',
    '          - { name: user, type: jsonb } # 2 of 3 missing',
    '          - { name: tags, type: jsonb } # 2 of 3 missing',
  ])
  expect((await columns(2))[0]).toBe('          - { name: id, type: numeric } # never missing')
})

it('declares fields whose names have commas and brackets in them', async () => {
  const files = { 'data/a.csv': '"Price, EUR",{id},[x]\n1,2,3\n' }
  expect((await inferred(files, 'data/a.csv')).slice(8)).toEqual([
    '          - { name: price_eur, type: integer, from: "Price, EUR" } # 1 to 1, never missing',
    '          - { name: id, type: integer, from: "{id}" } # 2 to 2, never missing',
    '          - { name: x, type: integer, from: "[x]" } # 3 to 3, never missing',
  ])
})

it('refuses lines that end with carriage returns alone', async () => {
  const files = { 'data/a.csv': 'id,name\r1,a\r2,b\r' }
  await expect(inferred(files, 'data/a.csv')).rejects.toThrow('carriage returns alone')
})

it('looks at all lines of objects behind a byte order mark', async () => {
  const files = { 'data/a.ndjson': '\ufeff{"id":1}\n', 'data/b.ndjson': '\ufeff{"id":2,"only":true}\n' }
  expect((await inferred(files, 'data/*.ndjson')).slice(8)).toEqual([
    '          - { name: id, type: integer } # 1 to 2, never missing',
    '          - { name: only, type: boolean } # 1 of 2 missing',
  ])
})

it('asks for small files that lie far away several at a time, and lets go of those it does not look at', async () => {
  let open = 0
  let most = 0
  const files = Array.from({ length: 12 }, (_, index): SourceFile => {
    const bytes = Buffer.from(`id\n${index}\n`)
    return {
      ...{ address: `s3://lake/${index}.csv`, version: '1', sizeBytes: bytes.length, isRemote: true },
      open: () => {
        most = Math.max(most, ++open)
        const stream = new Readable({
          async read() {
            await sleep(5)
            this.push(bytes)
            this.push(null)
          },
        })
        return stream.once('close', () => open--)
      },
    }
  })
  const options = {
    name: 'lake',
    schema: 'raw',
    from: 's3://lake/*.csv',
    signal: new AbortController().signal,
  }
  expect((await inferLoad(files, options)).rows).toBe(12)
  expect(most).toBe(mostOpenFiles)
  expect((await inferLoad(files, { ...options, rows: 2 })).rows).toBe(2)
  await new Promise(setImmediate)
  expect(open).toBe(0)
})

it('finds files by patterns and folders, and leaves those that are hidden', async () => {
  const files = {
    'data/a.csv': '',
    'data/b.tsv': '',
    'data/c.txt': '',
    'data/_SUCCESS': '',
    'data/x/y/d.csv.gz': '',
    'data/x/.e.csv': '',
  }
  await withProject(files, async (root) => {
    const found = async (from: string) =>
      (await localFiles(from, root, refuse).list()).map(({ address }) => address)
    expect(await found('data')).toEqual(['data/a.csv', 'data/b.tsv', 'data/x/y/d.csv.gz'])
    expect(await found('data/*')).toEqual(['data/a.csv', 'data/b.tsv', 'data/c.txt'])
    expect(await found('data/?.{csv,txt}')).toEqual(['data/a.csv', 'data/c.txt'])
    expect(await found('data/**/*.csv*')).toEqual(['data/a.csv', 'data/x/y/d.csv.gz'])
    expect(await found(join(root, 'data/a.csv'))).toEqual(['data/a.csv'])
    expect(await found('data/*.json')).toEqual([])
    await expect(found('data/none.csv')).rejects.toThrow('there is no file data/none.csv')
  })
})

it('declares Parquet by its fields and values', async () => {
  const file = readFileSync(join(import.meta.dirname, 'files/pyarrow.parquet'))
  const lines = await withProject({}, async (root) => {
    mkdirSync(join(root, 'data'))
    writeFileSync(join(root, 'data/t.parquet'), file)
    const { yaml, rows } = await inferLoad(await localFiles('data/t.parquet', root, refuse).list(), {
      ...{ name: 't', schema: 'raw', from: 'data/t.parquet', signal: new AbortController().signal },
    })
    expect(rows).toBe(3)
    mkdirSync(join(root, 'pipelines'))
    writeFileSync(join(root, 'pipelines/t.yml'), yaml)
    const { loads } = await readProject(root)
    expect(loads.map(({ name }) => name)).toEqual(['t'])
    return yaml.split('\n')
  })
  for (const entry of [
    '{ name: id, type: bigint } # 2 to 9007199254740993, never missing',
    '{ name: day, type: date } # 1 of 3 missing',
    '{ name: amount, type: "numeric(18,2)" } # 1 of 3 missing',
    '{ name: at, type: timestamptz } # 1 of 3 missing',
    '{ name: plain_at, type: timestamp } # 1 of 3 missing',
    '{ name: nested, type: jsonb } # 1 of 3 missing',
    '{ name: "yes", type: boolean } # 1 of 3 missing',
  ])
    expect(lines).toContain(`          - ${entry}`)
})

it('goes by position where names are missing or there twice', async () => {
  const lines = await inferred({ 'data/t.csv': 'id,id,,select\n1,2,x,y\n' }, 'data/t.csv')
  expect(lines).toContain('    header: skip')
  expect(
    lines.filter((line) => line.includes('type:')).map((line) => line.trim().replace(/ #.*/, '')),
  ).toEqual([
    '- { name: id_1, type: integer }',
    '- { name: id_2, type: integer }',
    '- { name: _3, type: text }',
    '- { name: select_4, type: text }',
  ])
})

it('finds out that a file is not in UTF-8, or has no quotes', async () => {
  const latin = { 'data/t.csv': Buffer.from('id,größe\n1,5\n', 'latin1') }
  const columns = await inferred(latin, 'data/t.csv')
  expect(columns).toContain('    encoding: win1252')
  expect(columns.join('\n')).toMatch(/name: gr_e, type: integer, from: größe/)
  const inches = await inferred({ 'data/t.tsv': 'id\tword\n1\t5 "inch"\n' }, 'data/t.tsv')
  expect(inches).toContain('    quote: ""')
})

it.each([
  ['gzip', gzipSync('id\n1\n'), 'its bytes are packed with gzip'],
  ['UTF-16', Buffer.from('\ufeffid\n1\n', 'utf16le'), 'it is written in UTF-16'],
])('refuses bytes that are no text: %s', async (_name, bytes, message) => {
  const files = { 'data/t.csv': bytes }
  await expect(inferred(files, 'data/t.csv')).rejects.toThrow(message)
})
