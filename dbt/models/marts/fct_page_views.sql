{{
    config(
        materialized='incremental',
        incremental_strategy=overwrite_strategy(),
        unique_key='event_date',
        partition_by=partition_by_day('event_date'),
        partitions=date_literals(touched_dates()),
    )
}}

with

events as (
    select * from {{ ref('stg_footfall__events') }}
    where
        is_page_view
        {%- if is_incremental() %}
            and {{ in_dates('event_date', touched_dates()) }}
        {%- endif %}
),

final as (
    select
        event_id as page_view_id,
        event_ts as page_view_ts,
        event_date,
        event_name,
        session_id,
        session_event_number,
        visitor_id,
        user_id,
        page_id,
        page_host,
        page_path,
        page_title,
        referrer_host,
        utm_source,
        utm_medium,
        utm_campaign,
        http_status,
        bytes_sent,
        time_taken_ms,
        device_type,
        browser,
        os,
        product_id,
        source
    from events
)

select * from final
