/*
 * Every code that a problem can carry, with its meaning and the exit code it asks for.
 * docs/errors.md explains each; a test holds the two lists equal.
 */

interface CatalogueEntry {
  readonly title: string
  /** 1: a node or test failed; 2: wrong usage or configuration. */
  readonly exitCode: 1 | 2
}

export const problemCatalogue = {
  usage: { title: 'The command line is not understood', exitCode: 2 },
  'project-missing': { title: 'No project file was found', exitCode: 2 },
  'package-missing': { title: 'A package that the project builds on is not there', exitCode: 2 },
  'file-unreadable': { title: 'A file of the project cannot be read', exitCode: 2 },
  'not-supported': { title: 'Something that dbt knows and Estimand does not do yet', exitCode: 2 },
  'yaml-syntax': { title: 'A YAML file cannot be parsed', exitCode: 2 },
  'yaml-invalid': { title: 'A YAML file parses but does not say what it should', exitCode: 2 },
  'yaml-unknown-key': { title: 'A YAML key is not known', exitCode: 2 },
  'name-duplicate': { title: 'Two things carry the same name', exitCode: 2 },
  'target-unknown': { title: 'The target is not in project.yml', exitCode: 2 },
  'var-unknown': { title: 'A variable has no value', exitCode: 2 },
  'env-var-missing': { title: 'An environment variable is not set', exitCode: 2 },
  'ref-unknown': { title: 'ref() names no node', exitCode: 2 },
  'ref-ephemeral': { title: 'Something that needs a table refers to an ephemeral model', exitCode: 2 },
  'access-denied': { title: 'ref() names a model that only others may read', exitCode: 2 },
  'source-unknown': { title: 'source() names no source', exitCode: 2 },
  'macro-unknown': { title: 'A template calls a macro that does not exist', exitCode: 2 },
  'template-error': { title: 'A template cannot be parsed or rendered', exitCode: 2 },
  'column-unknown': { title: 'A column is named that its relation does not have', exitCode: 2 },
  'database-needed': { title: 'A template asks the database where there is none', exitCode: 2 },
  'config-invalid': { title: 'A config value is not allowed', exitCode: 2 },
  'config-unused': { title: 'Config that is for nothing', exitCode: 2 },
  deprecated: { title: 'A model that is not to be used any more', exitCode: 2 },
  'dag-unknown': { title: 'A DAG is named that there is not', exitCode: 2 },
  cycle: { title: 'Nodes depend on each other in a circle', exitCode: 2 },
  'truth-read': { title: 'A model or job reads the schema truth', exitCode: 2 },
  'sql-syntax': { title: 'SQL that PostgreSQL cannot parse', exitCode: 2 },
  'selector-invalid': { title: 'A selection expression is not understood', exitCode: 2 },
  'state-missing': { title: 'An earlier state is asked for that is not there', exitCode: 2 },
  'contract-change': { title: 'A change breaks what an enforced contract promised', exitCode: 2 },
  'selection-empty': { title: 'The selection matches no node', exitCode: 2 },
  'sql-error': { title: 'PostgreSQL refused a statement', exitCode: 1 },
  'test-failed': { title: 'A test found rows that should not be there', exitCode: 1 },
  'test-invalid': { title: 'A test does not count its failures', exitCode: 1 },
  'unit-test-invalid': { title: 'A unit test does not say what it needs to', exitCode: 2 },
  'snapshot-invalid': { title: 'A snapshot does not fit the table that it keeps', exitCode: 1 },
  'contract-broken': { title: 'A model does not give the columns that its contract promises', exitCode: 1 },
  'load-failed': { title: 'Data could not be loaded', exitCode: 1 },
  'export-failed': { title: 'Rows could not be written to files', exitCode: 1 },
  'kafka-unreachable': { title: 'The brokers of a stream cannot be reached', exitCode: 2 },
  'stream-bad-message': { title: 'A message cannot become a row', exitCode: 1 },
  'stream-position-lost': { title: 'What a stream has to read next is not there any more', exitCode: 1 },
  'not-identifiable': { title: 'Data cannot tell an effect if the causal graph is right', exitCode: 2 },
  'job-failed': { title: 'An analysis could not be computed', exitCode: 1 },
  'drift-found': { title: 'Data drifted further than a job allows', exitCode: 1 },
  'backfill-refused': { title: 'A model cannot be built in part', exitCode: 2 },
  'publish-refused': { title: 'Publishing would break something that others use', exitCode: 1 },
  'publish-blocked': { title: 'Somebody held on to what was to be published', exitCode: 1 },
  'rollback-refused': { title: 'What was published cannot be taken back', exitCode: 1 },
  'publish-unknown': { title: 'The connection was lost while publishing, for good', exitCode: 1 },
  'warehouse-unreachable': { title: 'The database server cannot be reached', exitCode: 2 },
  'warehouse-auth': { title: 'The database server refuses the user or password', exitCode: 2 },
  'warehouse-version': { title: 'The database server is too old', exitCode: 2 },
  'warehouse-disk-full': { title: 'The disk of the database server is full', exitCode: 1 },
  'warehouse-embedded': { title: 'The embedded PostgreSQL cannot be started', exitCode: 2 },
  'warehouse-lost': { title: 'The connection to the database was lost', exitCode: 1 },
  'statement-timeout': { title: 'A statement took longer than it may', exitCode: 1 },
  'build-lost': { title: 'The server broke down and lost what was built', exitCode: 1 },
  'run-superseded': { title: 'Another run has taken the place of this one', exitCode: 1 },
  'scheduler-superseded': { title: 'Another scheduler fires', exitCode: 1 },
  'dag-run-unknown': { title: 'No run of a DAG has this id', exitCode: 2 },
  'run-locked': { title: 'Another run is at work on the same target', exitCode: 1 },
  cancelled: { title: 'The run was cancelled', exitCode: 1 },
} as const satisfies Record<string, CatalogueEntry>

export type ProblemCode = keyof typeof problemCatalogue
