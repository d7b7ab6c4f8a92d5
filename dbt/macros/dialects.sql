{#
    One dispatched macro for each construct in which the two dialects differ: default__ is GoogleSQL, duckdb__ its
    twin. `make check-bigquery` runs both over the same rows and compares the results.
#}

{# contract timestamps carry a zone on DuckDB; the models' are UTC without one, as BigQuery prints them #}
{% macro utc_timestamp(x) %}{{ return(adapter.dispatch('utc_timestamp')(x)) }}{% endmacro %}
{% macro default__utc_timestamp(x) %}{{ x }}{% endmacro %}
{% macro duckdb__utc_timestamp(x) %}make_timestamp(epoch_us({{ x }})){% endmacro %}

{% macro now_utc() %}{{ return(utc_timestamp('current_timestamp')) }}{% endmacro %}

{% macro unix_micros(x) %}{{ return(adapter.dispatch('unix_micros')(x)) }}{% endmacro %}
{% macro default__unix_micros(x) %}unix_micros({{ x }}){% endmacro %}
{% macro duckdb__unix_micros(x) %}epoch_us({{ x }}){% endmacro %}

{# elapsed units, not boundaries crossed: BigQuery's timestamp_diff is DuckDB's date_sub, not its date_diff #}
{% macro elapsed(end_ts, start_ts, unit) -%}
    {{ return(adapter.dispatch('elapsed')(end_ts, start_ts, unit)) }}
{%- endmacro %}
{% macro default__elapsed(end_ts, start_ts, unit) -%}
    timestamp_diff({{ end_ts }}, {{ start_ts }}, {{ unit }})
{%- endmacro %}
{% macro duckdb__elapsed(end_ts, start_ts, unit) %}date_sub('{{ unit }}', {{ start_ts }}, {{ end_ts }}){% endmacro %}

{% macro md5_hex(x) %}{{ return(adapter.dispatch('md5_hex')(x)) }}{% endmacro %}
{% macro default__md5_hex(x) %}to_hex(md5({{ x }})){% endmacro %}
{% macro duckdb__md5_hex(x) %}md5({{ x }}){% endmacro %}

{% macro ratio(a, b) %}{{ return(adapter.dispatch('ratio')(a, b)) }}{% endmacro %}
{% macro default__ratio(a, b) %}safe_divide({{ a }}, {{ b }}){% endmacro %}
{% macro duckdb__ratio(a, b) %}({{ a }} / nullif({{ b }}, 0)){% endmacro %}

{# x of the row with the smallest (largest) y; rows with a null y do not count, a null x does #}
{% macro first_by(x, y) %}{{ return(adapter.dispatch('first_by')(x, y)) }}{% endmacro %}
{% macro default__first_by(x, y) %}any_value({{ x }} having min {{ y }}){% endmacro %}
{% macro duckdb__first_by(x, y) %}arg_min_null({{ x }}, {{ y }}){% endmacro %}

{% macro last_by(x, y) %}{{ return(adapter.dispatch('last_by')(x, y)) }}{% endmacro %}
{% macro default__last_by(x, y) %}any_value({{ x }} having max {{ y }}){% endmacro %}
{% macro duckdb__last_by(x, y) %}arg_max_null({{ x }}, {{ y }}){% endmacro %}
