{#
Dates and times in SQL, and lists of dates in templates.

dispatches current_timestamp()
dispatches current_timestamp_backcompat()
dispatches current_timestamp_in_utc_backcompat()
dispatches date(year, month, day)
dispatches date_spine(datepart, start_date, end_date)
dispatches date_trunc(datepart, date)
dispatches dateadd(datepart, interval, from_date_or_timestamp)
dispatches datediff(first_date, second_date, datepart)
dispatches generate_series(upper_bound)
dispatches get_intervals_between(start_date, end_date, datepart)
dispatches get_powers_of_two(upper_bound)
dispatches last_day(date, datepart)
#}

{% macro postgres__current_timestamp() %}now(){% endmacro %}

{% macro postgres__current_timestamp_backcompat() %}current_timestamp::{{ type_timestamp() }}{% endmacro %}

{% macro postgres__current_timestamp_in_utc_backcompat() -%}
  (current_timestamp at time zone 'utc')::{{ type_timestamp() }}
{%- endmacro %}

{% macro default__date(year, month, day) -%}
  to_date('{{ modules.datetime.date(year, month, day).isoformat() }}', 'YYYY-MM-DD')
{%- endmacro %}

{% macro default__date_trunc(datepart, date) %}date_trunc('{{ datepart }}', {{ date }}){% endmacro %}

{% macro postgres__dateadd(datepart, interval, from_date_or_timestamp) -%}
  {{ from_date_or_timestamp }} + ((interval '1 {{ datepart }}') * ({{ interval }}))
{%- endmacro %}

{% macro default__dateadd(datepart, interval, from_date_or_timestamp) -%}
  dateadd( {{ datepart }}, {{ interval }}, {{ from_date_or_timestamp }} )
{%- endmacro %}

{#
Boundaries passed between two moments. The parts below a day are built on the next larger one, so that every
expression is a difference of two date_part()s, or of dates.
#}
{% macro postgres__datediff(first_date, second_date, datepart) -%}
  {%- set dates = {'year': 'date', 'quarter': 'date', 'month': 'date'} -%}
  {%- set larger = {'quarter': ['year', 4], 'month': ['year', 12], 'hour': ['day', 24], 'minute': ['hour', 60],
                    'second': ['minute', 60], 'millisecond': ['minute', 60000], 'microsecond': ['minute', 60000000]} -%}
  {%- if datepart == 'day' -%}
    (({{ second_date }})::date - ({{ first_date }})::date)
  {%- elif datepart == 'week' -%}
    {%- set forward = first_date ~ ' <= ' ~ second_date -%}
    ({{ datediff(first_date, second_date, 'day') }} / 7 + case
      when date_part('dow', ({{ first_date }})::timestamp) <= date_part('dow', ({{ second_date }})::timestamp) then
        case when {{ forward }} then 0 else -1 end
      else
        case when {{ forward }} then 1 else 0 end
    end)
  {%- elif datepart == 'year' or datepart in larger -%}
    {%- set type = dates.get(datepart, 'timestamp') -%}
    {%- set whole = datepart in ['second', 'millisecond', 'microsecond'] -%}
    {%- set later = "date_part('" ~ datepart ~ "', (" ~ second_date ~ ")::" ~ type ~ ")" -%}
    {%- set earlier = "date_part('" ~ datepart ~ "', (" ~ first_date ~ ")::" ~ type ~ ")" -%}
    {%- if whole -%}
      {%- set later = 'floor(' ~ later ~ ')' -%}
      {%- set earlier = 'floor(' ~ earlier ~ ')' -%}
    {%- endif -%}
    (
    {%- if datepart in larger -%}
      {{ datediff(first_date, second_date, larger[datepart][0]) }} * {{ larger[datepart][1] }} +{{ ' ' }}
    {%- endif -%}
    {{ later }} - {{ earlier }})
  {%- else -%}
    {{ exceptions.raise_compiler_error("datediff() counts no '" ~ datepart ~ "' in Postgres; it counts year, quarter, month, week, day, hour, minute, second, millisecond and microsecond") }}
  {%- endif -%}
{%- endmacro %}

{% macro default_last_day(date, datepart) -%}
  cast( {{ dbt.dateadd('day', '-1', dbt.dateadd(datepart, '1', dbt.date_trunc(datepart, date))) }} as date)
{%- endmacro %}

{% macro default__last_day(date, datepart) %}{{ dbt.default_last_day(date, datepart) }}{% endmacro %}

{# Postgres has no interval of quarters. #}
{% macro postgres__last_day(date, datepart) -%}
  {%- if datepart == 'quarter' -%}
    cast( {{ dbt.dateadd('day', '-1', dbt.dateadd('month', '3', dbt.date_trunc(datepart, date))) }} as date)
  {%- else -%}
    {{ dbt.default_last_day(date, datepart) }}
  {%- endif -%}
{%- endmacro %}

{# How many parts lie between two moments, asked of the database; 1 while nothing is executed. #}
{% macro default__get_intervals_between(start_date, end_date, datepart) %}
  {%- call statement('get_intervals_between', fetch_result=True) -%}
    select {{ dbt.datediff(start_date, end_date, datepart) }}
  {%- endcall -%}
  {%- set result = load_result('get_intervals_between') -%}
  {%- do return(result['data'][0][0] if result and result['data'] else 1) -%}
{% endmacro %}

{% macro default__get_powers_of_two(upper_bound) %}
  {%- if upper_bound <= 0 -%}{{ exceptions.raise_compiler_error('upper bound must be positive') }}{%- endif -%}
  {%- for exponent in range(1, 100) if upper_bound <= 2 ** exponent -%}{%- do return(exponent) -%}{%- endfor -%}
{% endmacro %}

{# The numbers from 1, as sums of powers of two: no table and no recursion is needed. #}
{% macro default__generate_series(upper_bound) %}
{%- set digits = dbt.get_powers_of_two(upper_bound) %}
    with p as (
        select 0 as generated_number union all select 1
    ), unioned as (
    select
    {% for i in range(digits) -%}
    p{{ i }}.generated_number * power(2, {{ i }}){{ ' + ' if not loop.last }}
    {% endfor %}
    + 1
    as generated_number
    from
    {% for i in range(digits) -%}
    p as p{{ i }}{{ ' cross join ' if not loop.last }}
    {% endfor %}
    )
    select *
    from unioned
    where generated_number <= {{ upper_bound }}
    order by generated_number
{% endmacro %}

{% macro default__date_spine(datepart, start_date, end_date) %}
{%- set length = dbt.get_intervals_between(start_date, end_date, datepart) %}
    with rawdata as (
{{ dbt.generate_series(length) }}
    ),
    all_periods as (
        select (
            {{ dbt.dateadd(datepart, 'row_number() over (order by 1) - 1', start_date) }}
        ) as date_{{ datepart }}
        from rawdata
    ),
    filtered as (
        select *
        from all_periods
        where date_{{ datepart }} <= {{ end_date }}
    )
    select * from filtered
{% endmacro %}

{# Lists of dates in templates. #}

{% macro convert_datetime(date_str, date_fmt) %}
  {%- set message = "'" ~ date_str ~ "' is no date of the form " ~ date_fmt -%}
  {%- do return(try_or_compiler_error(message, modules.datetime.datetime.strptime, date_str.strip(), date_fmt)) -%}
{% endmacro %}

{% macro dates_in_range(start_date_str, end_date_str=none, in_fmt="%Y%m%d", out_fmt="%Y%m%d") %}
  {%- set first = convert_datetime(start_date_str, in_fmt) -%}
  {%- set last = convert_datetime(end_date_str or start_date_str, in_fmt) -%}
  {%- if last < first -%}
    {{ exceptions.raise_compiler_error('the range of dates ends before it begins: ' ~ first ~ ', ' ~ last) }}
  {%- endif -%}
  {%- set found = [] -%}
  {%- for offset in range((last - first).days + 1) -%}
    {%- set day = first + modules.datetime.timedelta(days=offset) -%}
    {%- do found.append(day.strftime(out_fmt) if out_fmt else day) -%}
  {%- endfor -%}
  {%- do return(found) -%}
{% endmacro %}

{% macro partition_range(raw_partition_date, date_fmt='%Y%m%d') %}
  {%- set ends = (raw_partition_date | string).split(',') -%}
  {%- if ends | length > 2 -%}
    {{ exceptions.raise_compiler_error('a range is written as first[,last], not ' ~ raw_partition_date) }}
  {%- endif -%}
  {%- do return(dates_in_range(ends[0], ends[1] if ends | length == 2 else none, in_fmt=date_fmt)) -%}
{% endmacro %}

{% macro py_current_timestring() %}
  {%- do return(modules.datetime.datetime.now().strftime('%Y%m%d%H%M%S%f')) -%}
{% endmacro %}
