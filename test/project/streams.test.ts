import { describe, expect, it } from 'vitest'
import { problemsOf, projectOf } from './temp-project.ts'

const table = `
    tables:
      - name: clicks
        schema: raw
        primary_key: [click_id]
        columns: [{ name: click_id, type: bigint }, { name: at, type: timestamptz }]`

const least = `loads:
  - name: clicks
    kind: stream
    brokers: "{{ env_var('BROKERS') }}"
    topics: clicks${table}
`

describe('streams', () => {
  it('need no more than brokers, topics and a table, beside which dead letters get one', async () => {
    const { loads } = await projectOf({ 'pipelines/a.yml': least })
    const { tables, ...spec } = loads[0]!.spec
    expect(spec).toEqual({
      kind: 'stream',
      params: {},
      brokers: ["{{ env_var('BROKERS') }}"],
      topics: ['clicks'],
      group: 'estimand-clicks',
      format: 'json',
      schemas: { wireFormat: 'plain', file: null, byId: {}, registry: null },
      fields: [
        { column: 'click_id', from: 'click_id', unit: null },
        { column: 'at', from: 'at', unit: null },
      ],
      batch: { rows: 20_000, seconds: 1 },
      start: 'earliest',
      onBadRow: 'quarantine',
      security: { tls: false, tlsCa: null, sasl: null },
    })
    expect(tables.map(({ schema, name }) => `${schema}.${name}`)).toEqual([
      'raw.clicks',
      'raw.clicks_dead_letters',
    ])
  })

  it('say where values stand, how payloads are written and how brokers are spoken to', async () => {
    const { loads } = await projectOf({
      'pipelines/kafka/a.yml': `loads:
  - name: clicks
    kind: stream
    brokers: [a:9092, b:9092]
    topics: [clicks, more]
    group: loaders
    format: avro
    schema_files: { 7: click.avsc }
    schema_registry: { url: "http://registry", username: u, password: "{{ env_var('P') }}" }
    fields: { click_id: $offset, at: { from: meta.at, unit: ms } }
    batch: { rows: 500 }
    start: latest
    on_bad_row: skip
    tls: { ca: ca.pem }
    sasl: { mechanism: SCRAM-SHA-512, username: u, password: "{{ env_var('Q') }}" }${table}
`,
      'pipelines/kafka/click.avsc': '{}',
    })
    expect(loads[0]!.spec).toMatchObject({
      brokers: ['a:9092', 'b:9092'],
      group: 'loaders',
      schemas: {
        wireFormat: 'confluent',
        byId: { 7: 'pipelines/kafka/click.avsc' },
        registry: { url: 'http://registry', username: 'u', password: "{{ env_var('P') }}" },
      },
      fields: [
        { column: 'click_id', from: '$offset', unit: null },
        { column: 'at', from: 'meta.at', unit: 'ms' },
      ],
      batch: { rows: 500, seconds: 1 },
      start: 'latest',
      onBadRow: 'skip',
      security: {
        tls: true,
        tlsCa: 'pipelines/kafka/ca.pem',
        sasl: { mechanism: 'SCRAM-SHA-512', username: 'u', password: "{{ env_var('Q') }}" },
      },
      tables: [{ name: 'clicks' }],
    })
  })

  it('are refused with every reason, and so is a password in the file', async () => {
    const problems = await problemsOf({
      'pipelines/a.yml': `loads:
  - name: a
    kind: stream
    brokers: a:9092
    topics: a
    sasl: { mechanism: PLAIN, username: u, password: geheim }${table}
`,
      'pipelines/b.yml': `loads:
  - name: b
    kind: stream
    brokers: a:9092
    topics: a
    format: avro
    fields: { clickid: x, at: $ofset }
    schema_files: {}${table}
  - name: c
    kind: stream
    brokers: a:9092
    topics: a
    format: json-schema
    schema_file: none.json${table}
`,
    })
    expect(problems.map((problem) => problem.split('\n')[0])).toEqual([
      "pipelines/a.yml:6:54  'password' must be {{ env_var('…') }}: secrets stand in no file   [yaml-invalid]",
      'pipelines/b.yml:6:13  payloads of format avro need a schema   [yaml-invalid]',
      "pipelines/b.yml:7:24  'fields' names 'clickid', which is no column   [yaml-invalid]",
      "pipelines/b.yml:7:31  '$ofset' is nothing that a message has   [yaml-invalid]",
      'pipelines/b.yml:19:18  there is no file pipelines/none.json   [yaml-invalid]',
    ])
    expect(problems.join('\n')).not.toContain('geheim')
  })
})
