{#
    Runs when a dbt run ends: writes the status of its nodes where `footfall load` keeps its state, so that publish
    knows whether every mart and test is green for the events that were loaded, however the run was cut into pieces.
    A run that was told fewer dates than were touched, or that began before the load, leaves its nodes 'partial': dbt
    lets go of the file between nodes, and a load that comes between two of them shows the second other events. One
    that built a table anew says that everything may differ from what was published. DuckDB only: on BigQuery the caller
    publishes after a green build.
#}
{% macro record_results(results) %}
    {%- if execute and target.type == 'duckdb' and results -%}
        {%- set load = adapter.get_relation(target.database, 'footfall_state', 'load') -%}
        {%- if load is not none -%}
            {%- set touched = date_literals(touched_dates()) | join(', ') -%}
            {%- set covered = covers_load(touched, load) -%}
            {%- set rows = [] -%}
            {%- set rebuilt = [] -%}
            {%- for result in results -%}
                {%- if should_full_refresh() and result.node.config.materialized == 'incremental' -%}
                    {%- do rebuilt.append(result.node.name) -%}
                {%- endif -%}
                {%- if result.node.resource_type != 'unit_test' -%}
                    {%- do rows.append(
                        "('" ~ result.node.unique_id ~ "', '" ~ result.node.resource_type ~ "', '" ~ result.node.name
                        ~ "', '" ~ result.status ~ "')"
                    ) -%}
                {%- endif -%}
            {%- endfor -%}
            {%- if rows -%}
                {%- do adapter.execute(replace_results(rows | join(', '), covered), auto_begin=true) -%}
                {%- if rebuilt -%}
                    {%- do adapter.execute("update " ~ load ~ " set rebuild_id = '" ~ invocation_id ~ "'") -%}
                {%- endif -%}
                {# dbt rolls back what a hook leaves open #}
                {%- do adapter.commit() -%}
            {%- endif -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}

{% macro covers_load(touched, load) -%}
    (
        select
            loaded_at <= timestamp '{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S.%f") }}'
            {% if touched %}and list_has_all([{{ touched }}], touched_dates){% endif %}
        from {{ load }}
    )
{%- endmacro %}

{% macro replace_results(rows, covered) -%}
    create or replace temp table dbt_results as
    select
        unique_id,
        resource_type,
        name,
        case when status = 'success' and not {{ covered }} then 'partial' else status end as status,
        cast(now() at time zone 'UTC' as timestamp) as finished_at
    from (values {{ rows }}) as new_results (unique_id, resource_type, name, status);
    delete from footfall_state.results where unique_id in (select unique_id from dbt_results);
    insert into footfall_state.results select * from dbt_results;
{%- endmacro %}
