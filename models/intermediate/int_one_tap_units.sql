{{ config(materialized='view') }}

{{ units_of('one_tap_checkout') }}
