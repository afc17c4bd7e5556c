import { describe, expect, test } from 'vitest'
import type { ModelNode } from '../../../src/core/node.ts'
import type { Files } from '../../project/temp-project.ts'
import { compiled, failureOf } from '../context/parse-project.ts'

/*
 * What dbt 1.12 finds in the text of a Python model.
 */

const files: Files = {
  'dbt_project.yml': 'name: shop\nprofile: shop\n',
  'models/first.sql': 'select 1 as id',
  'models/sources.yml': 'sources: [{name: app, tables: [{name: events}]}]',
}
const model = (body: string): Files => ({
  ...files,
  'models/scored.py': `def model(dbt, session):\n${body.replace(/^/gm, '    ')}\n`,
})
const nodeOf = async (body: string) =>
  (await compiled(model(body))).manifest.nodes['model.shop.scored'] as ModelNode

describe('a Python model', () => {
  test('says what it reads and declares, in code and not in strings and comments', async () => {
    const node = await nodeOf(`"""Reads dbt.ref("nothing")."""
dbt.config(
    alias="scores",  # (a name
    tags=["ml"],
)
limit = dbt.config.get("limit", 10) + my.dbt.ref(1)
return dbt.ref("first").join(dbt.source('app', 'events'))  # dbt.ref("none")`)
    expect(node.dependsOn).toEqual(['model.shop.first', 'source.shop.app.events'])
    expect(node).toMatchObject({ materialized: 'table', tags: ['ml'], relation: { identifier: 'scores' } })
    expect(node.config).toMatchObject({ materialized: 'table', config_keys_used: ['limit'] })
    expect(node.refusal).toMatchObject({ code: 'not-supported', place: { file: 'models/scored.py' } })
  })

  test('tells what it reads that is not there where it reads it', async () => {
    const failure = await failureOf(compiled(model("x = 1\nreturn dbt.ref('frist')")))
    expect(failure).toContain("models/scored.py:3:12  ref('frist') matches no node")
  })

  test.each(['def modl(dbt, session):\n  return 1', 'def model(session):\n  return 1', 'x = 1'])(
    'defines one function model(dbt, session): %j',
    async (text) => {
      const failure = await failureOf(compiled({ ...files, 'models/scored.py': text }))
      expect(failure).toContain('defines one function model(dbt, session)')
    },
  )
})
