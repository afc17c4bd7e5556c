import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/*
 * A made-up project for timing: layers of models, each reading two of the layer before, every model described in
 * YAML with two tests. Both dbt and Estimand read it.
 */

const layers = 10
const modelsPerYaml = 20

/** Writes a dbt project with `models` models and twice as many tests; returns its folder. */
export function writeLayeredProject(
  folder: string,
  models: number,
  materialized: 'view' | 'table' = 'view',
): string {
  const perLayer = Math.ceil(models / layers)
  const write = (path: string, text: string): void => {
    mkdirSync(join(folder, path, '..'), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  write(
    'dbt_project.yml',
    `name: layered\nversion: '1.0'\nconfig-version: 2\nprofile: layered\nmodels:\n  layered:\n    +materialized: ${materialized}\n`,
  )
  const names = Array.from({ length: models }, (_, index) => modelName(index, perLayer))
  names.forEach((name, index) => {
    write(`models/layer_${Math.floor(index / perLayer)}/${name}.sql`, modelSql(index, perLayer))
  })
  for (let from = 0; from < models; from += modelsPerYaml) {
    const described = names.slice(from, from + modelsPerYaml)
    write(`models/models_${from}.yml`, `version: 2\nmodels:\n${described.map(modelYaml).join('')}`)
  }
  return folder
}

function modelName(index: number, perLayer: number): string {
  return `model_${Math.floor(index / perLayer)}_${index % perLayer}`
}

function modelSql(index: number, perLayer: number): string {
  const layer = Math.floor(index / perLayer)
  if (layer === 0) return `select ${index} as id, 'row' as label, 1.5 as amount\n`
  const parent = (shift: number): string =>
    modelName((layer - 1) * perLayer + ((index + shift) % perLayer), perLayer)
  return `{{ config(tags=['layer_${layer}']) }}

with first_input as (
    select * from {{ ref('${parent(0)}') }}
),

second_input as (
    select * from {{ ref('${parent(1)}') }}
)

select
    first_input.id,
    first_input.label,
    first_input.amount + coalesce(second_input.amount, 0) as amount
from first_input
left join second_input on first_input.id = second_input.id
`
}

function modelYaml(name: string): string {
  return `  - name: ${name}
    description: A made-up model.
    columns:
      - name: id
        description: The key.
        tests:
          - unique
          - not_null
      - name: amount
        description: A number.
`
}
