{{
    config(
        incremental_strategy=overwrite_strategy(),
        unique_key='session_date',
        partition_by=partition_by_day('session_date'),
        partitions=date_literals(touched_session_dates()),
    )
}}

with

sessions as (
    select * from {{ ref('fct_sessions') }}
    {%- if is_incremental() %}
        where {{ in_dates('session_date', touched_session_dates()) }}
    {%- endif %}
),

final as (
    select
        visitor_id,
        session_date,
        {{ last_by('user_id', 'case when user_id is not null then session_start_ts end') }} as user_id,
        min(session_start_ts) as first_seen_ts,
        max(session_end_ts) as last_seen_ts,
        count(*) as session_count,
        cast(sum(case when is_engaged then 1 else 0 end) as int64) as engaged_session_count,
        cast(sum(page_view_count) as int64) as page_view_count,
        cast(sum(event_count) as int64) as event_count,
        cast(sum(conversion_count) as int64) as conversion_count,
        sum(revenue) as revenue,
        {{ first_by('landing_page', 'session_start_ts') }} as first_landing_page,
        {{ first_by('referrer_host', 'session_start_ts') }} as first_referrer_host,
        {{ first_by('utm_source', 'session_start_ts') }} as first_utm_source,
        {{ first_by('utm_medium', 'session_start_ts') }} as first_utm_medium,
        {{ first_by('utm_campaign', 'session_start_ts') }} as first_utm_campaign,
        {{ last_by('device_type', 'session_start_ts') }} as last_device_type,
        {{ last_by('browser', 'session_start_ts') }} as last_browser,
        {{ last_by('os', 'session_start_ts') }} as last_os
    from sessions
    group by visitor_id, session_date
)

select * from final
