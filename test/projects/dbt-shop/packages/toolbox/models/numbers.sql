select round(n, {{ var('rounding') }}) as n from generate_series(1, {{ var('toolbox_rows') }}) as n
