import { injectCtes, plainSql } from '../compile/compiled-sql.ts'
import type { Ask } from '../compile/renderer.ts'
import { splitStatements } from '../compile/sql/statements.ts'
import type { BuildRelation } from '../core/plan.ts'
import type { Builds } from './relations.ts'

/*
 * Templates look for relations in information_schema, by the names under which they will be published. While a run
 * builds in the dark these are not there yet, or are those of the run before; so a question that reads the catalogue
 * is given one in which the run's builds stand where they will be published.
 */

/** Views of the catalogue as templates name them, with or without the database in front. */
const catalogView = /(?:"?[\w$-]+"?\s*\.\s*)?"?\binformation_schema\b"?\s*\.\s*"?(tables|columns|views)\b"?/gi

/** Asks with the catalogue as it will be once the run is published. */
export function askInTheDark(ask: Ask, buildSchema: string, builds: Pick<Builds, 'all'>): Ask {
  return (text) => ask(withDarkCatalog(text, buildSchema, builds.all()))
}

/** The text with its catalogue views replaced; one that names the builds themselves knows what it asks. */
export function withDarkCatalog(text: string, buildSchema: string, builds: readonly BuildRelation[]): string {
  if (builds.length === 0 || text.includes(buildSchema) || !/information_schema/i.test(text)) return text
  const [statement, ...others] = splitStatements(text)
  if (others.length > 0 || statement?.kind !== 'SelectStmt') return text
  const views = new Set<string>()
  const replaced = text.replace(catalogView, (_name, view: string) => {
    views.add(view.toLowerCase())
    return cteName(view.toLowerCase())
  })
  const ctes = [...views].map((view) => ({
    name: cteName(view),
    sql: plainSql(darkView(view, buildSchema, builds)),
  }))
  return injectCtes(plainSql(replaced), ctes).text
}

function cteName(view: string): string {
  return `estimand_catalog_${view}`
}

/** A catalogue view in which builds have the names that they are published under. */
function darkView(view: string, buildSchema: string, builds: readonly BuildRelation[]): string {
  const names = builds.map(({ build, published }) =>
    [build.schema, build.identifier, published.schema, published.identifier].map(literal).join(', '),
  )
  return `select there.*
from information_schema.${view} as there
where there.table_schema not like ${literal(`${buildSchema.replaceAll('_', '\\_')}%`)}
  and not exists (
    select from (values (${names.join('), (')})) as known (build_schema, build_name, schema, name)
    where known.schema = there.table_schema and known.name = there.table_name
  )
union all
select renamed.*
from information_schema.${view} as built
join (values (${names.join('), (')})) as known (build_schema, build_name, schema, name)
  on known.build_schema = built.table_schema and known.build_name = built.table_name
cross join lateral jsonb_populate_record(
  null::information_schema.${view},
  to_jsonb(built) || jsonb_build_object('table_schema', known.schema, 'table_name', known.name)
) as renamed`
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
