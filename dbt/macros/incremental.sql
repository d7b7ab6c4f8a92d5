{#
    Incremental by touched date: a build rewrites the dates whose events changed and no others.
    `touched_dates` (a var: a list, or text with commas) names them; none at all rebuilds everything.
#}

{% macro touched_dates() %}
    {%- set given = var('touched_dates', none) or [] -%}
    {%- set given = given.split(',') if given is string else given -%}
    {%- set touched = [] -%}
    {%- for day in given -%}
        {%- set text = day | string | trim -%}
        {%- set parts = modules.re.fullmatch('([1-9][0-9]{3})-(0[1-9]|1[0-2])-([0-9]{2})', text) -%}
        {%- if parts -%}
            {%- set month = modules.datetime.date(parts[1] | int, parts[2] | int, 1) -%}
            {%- set date = month + modules.datetime.timedelta(days=(parts[3] | int) - 1) -%}
        {%- endif -%}
        {%- if not parts or date.isoformat() != text -%}
            {{ exceptions.raise_compiler_error(
                "var touched_dates holds '" ~ text ~ "', which is no date: give ISO dates such as 2024-05-12"
            ) }}
        {%- endif -%}
        {%- do touched.append(date) -%}
    {%- endfor -%}
    {{ return(touched | unique | sort) }}
{% endmacro %}

{# each date moved by each offset, in days #}
{% macro shifted_dates(dates, offsets) %}
    {%- set shifted = [] -%}
    {%- for day in dates -%}
        {%- for offset in offsets -%}
            {%- do shifted.append(day + modules.datetime.timedelta(days=offset)) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(shifted | unique | sort) }}
{% endmacro %}

{# a session is shorter than 24 h: an event on day T can belong to a session that began on T or T-1 #}
{% macro touched_session_dates() %}{{ return(shifted_dates(touched_dates(), [-1, 0])) }}{% endmacro %}

{# ... and those sessions have events on T-1, T and T+1 #}
{% macro touched_session_event_dates() %}{{ return(shifted_dates(touched_dates(), [-1, 0, 1])) }}{% endmacro %}

{% macro date_literals(dates) %}
    {%- set literals = [] -%}
    {%- for day in dates -%}{%- do literals.append("date '" ~ day.isoformat() ~ "'") -%}{%- endfor -%}
    {{ return(literals) }}
{% endmacro %}

{# the predicate of the incremental branch #}
{% macro in_dates(column, dates) %}{{ column }} in ({{ date_literals(dates) | join(', ') }}){% endmacro %}

{# what a data test reads: of a partitioned model the partitions this build wrote, so that no test reads the history #}
{% macro touched_rows(relation) %}
    {%- if execute and not should_full_refresh() -%}
        {%- for node in graph.nodes.values() -%}
            {%- if node.relation_name == relation | string and node.config.get('partitions') -%}
                {%- set written = node.config.unique_key ~ ' in (' ~ node.config.partitions | join(', ') ~ ')' -%}
                {{ return('(select * from ' ~ relation ~ ' where ' ~ written ~ ') as touched_rows') }}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(relation) }}
{% endmacro %}

{# dbt asks this macro what a generic test reads #}
{% macro default__get_where_subquery(relation) %}
    {%- set rows = touched_rows(relation) -%}
    {%- set where = config.get('where') -%}
    {{ return('(select * from ' ~ rows ~ ' where ' ~ where ~ ') as tested_rows' if where else rows) }}
{% endmacro %}

{# a row that was rewritten refers to rows of the partitions that were rewritten with it #}
{% macro default__test_relationships(model, column_name, to, field) %}
    {{ return(dbt.default__test_relationships(model, column_name, touched_rows(to), field)) }}
{% endmacro %}

{% macro overwrite_strategy() %}
    {{ return('insert_overwrite' if target.type == 'bigquery' else 'replace_dates') }}
{% endmacro %}

{% macro partition_by_day(column) %}
    {{ return({'field': column, 'data_type': 'date'} if target.type == 'bigquery' else none) }}
{% endmacro %}

{#
    DuckDB's twin of insert_overwrite with a fixed list of partitions. dbt-duckdb's own delete+insert finds the
    dates to delete among the new rows, so a date that has become empty would keep its old rows.
#}
{% macro get_incremental_replace_dates_sql(arg_dict) %}
    {%- set columns = get_quoted_csv(arg_dict['dest_columns'] | map(attribute='name')) -%}
    delete from {{ arg_dict['target_relation'] }}
    where {{ arg_dict['unique_key'] }} in ({{ config.require('partitions') | join(', ') }});

    insert into {{ arg_dict['target_relation'] }} ({{ columns }})
    select {{ columns }}
    from {{ arg_dict['temp_relation'] }}
{% endmacro %}

{# no dates, no filter: rebuild from nothing rather than merge everything into what is there #}
{% macro should_full_refresh() %}
    {{ return(flags.FULL_REFRESH or touched_dates() | length == 0) }}
{% endmacro %}

{% macro is_incremental() %}
    {%- set assumed = var('assume_incremental', none) -%}
    {%- if assumed is not none -%}
        {{ return(assumed and model.config.materialized == 'incremental') }}
    {%- endif -%}
    {#- a unit test has no table of its own -#}
    {{ return(this is not none and not should_full_refresh() and dbt.is_incremental()) }}
{% endmacro %}
