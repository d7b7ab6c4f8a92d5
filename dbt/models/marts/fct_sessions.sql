{{
    config(
        materialized='incremental',
        incremental_strategy=overwrite_strategy(),
        unique_key='session_date',
        partition_by=partition_by_day('session_date'),
        partitions=date_literals(touched_session_dates()),
    )
}}

with

sessions as (
    select
        *,
        {{ elapsed('session_end_ts', 'session_start_ts', 'second') }} as duration_seconds,
        -- trackers measure engagement; logs leave the time between the first and the last hit
        coalesce(engagement_ms, {{ elapsed('session_end_ts', 'session_start_ts', 'millisecond') }}) as engaged_ms
    from {{ ref('int_sessions__measured') }}
    {%- if is_incremental() %}
        where {{ in_dates('session_date', touched_session_dates()) }}
    {%- endif %}
),

judged as (
    select
        *,
        (
            engaged_ms > {{ var('engaged_after_seconds') * 1000 }}
            or conversion_count > 0
            or page_view_count >= {{ var('engaged_page_views') }}
        ) as is_engaged
    from sessions
),

final as (
    select
        session_id,
        visitor_id,
        user_id,
        session_start_ts,
        session_end_ts,
        session_date,
        duration_seconds,
        event_count,
        page_view_count,
        conversion_count,
        revenue,
        landing_page_id,
        landing_page,
        exit_page_id,
        exit_page,
        is_engaged,
        split_reason,
        device_type,
        browser,
        os,
        source,
        referrer_host,
        utm_source,
        utm_medium,
        utm_campaign,
        not is_engaged as is_bounce
    from judged
)

select * from final
