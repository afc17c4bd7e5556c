/*
 * What may stand under `flags:` in a project's file: flags of the command line, and switches by which dbt lets
 * projects choose between what it did before and what it does now.
 */

type FlagKind = 'switch' | 'text' | 'number' | 'mapping'

const switches = [
  'cache_selected_only',
  'debug',
  'defer',
  'empty',
  'fail_fast',
  'favor_state',
  'full_refresh',
  'hints_enabled',
  'introspect',
  'log_cache_events',
  'macro_debugging',
  'manage_state',
  'partial_parse',
  'partial_parse_file_diff',
  'populate_cache',
  'print',
  'quiet',
  'send_anonymous_usage_stats',
  'show_all_deprecations',
  'single_threaded',
  'snowflake_projects_otel',
  'static_parser',
  'store_failures',
  'use_colors',
  'use_colors_file',
  'use_experimental_parser',
  'use_fast_test_edges',
  'use_v2_parser',
  'version_check',
  'warn_error',
  'write_json',
]

/** dbt's switches for changed behaviour. */
const behaviours = [
  'allow_jinja_file_extensions',
  'enable_grouped_warn_error_parser_logs',
  'enable_truthy_nulls_equals_macro',
  'latest_version_pointer_enabled_by_default',
  'require_all_warnings_handled_by_warn_error',
  'require_batched_execution_for_custom_microbatch_strategy',
  'require_corrected_analysis_fqns',
  'require_event_names_in_deprecations',
  'require_explicit_package_overrides_for_builtin_materializations',
  'require_generic_test_arguments_property',
  'require_nested_cumulative_type_params',
  'require_ref_searches_node_package_before_root',
  'require_resource_names_without_spaces',
  'require_source_and_semantic_model_names_without_spaces',
  'require_sql_header_in_test_configs',
  'require_unique_project_resource_names',
  'require_valid_schema_from_generate_schema_name',
  'require_yaml_configuration_for_mf_time_spines',
  'skip_nodes_if_on_run_start_fails',
  'source_freshness_run_project_hooks',
  'state_modified_compare_more_unrendered_values',
  'state_modified_compare_vars',
  'support_custom_ref_kwargs',
  'use_catalogs_v2',
  'validate_macro_args',
]

const texts = [
  'defer_state',
  'indirect_selection',
  'log_format',
  'log_format_file',
  'log_level',
  'log_level_file',
  'log_path',
  'record_timing_info',
  'state',
  'target_path',
  'v2_parser',
]

const numbers = ['log_file_max_bytes', 'maximum_seed_size_mib', 'printer_width', 'threads']

/** The flags with what kind of value each takes. */
export const flagKinds: Readonly<Record<string, FlagKind>> = Object.fromEntries([
  ...[...switches, ...behaviours].map((name) => [name, 'switch' as const]),
  ...texts.map((name) => [name, 'text' as const]),
  ...numbers.map((name) => [name, 'number' as const]),
  ['warn_error_options', 'mapping' as const],
])
