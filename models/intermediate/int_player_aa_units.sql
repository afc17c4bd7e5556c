{{ config(materialized='view') }}

{{ units_of('player_telemetry_aa') }}
