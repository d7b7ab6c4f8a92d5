with

daily as (
    select * from {{ ref('int_visitors__daily') }}
),

final as (
    -- one row per visitor and date: the date orders them as session_start_ts would
    select
        visitor_id,
        {{ last_by('user_id', 'case when user_id is not null then session_date end') }} as user_id,
        min(first_seen_ts) as first_seen_ts,
        max(last_seen_ts) as last_seen_ts,
        cast(sum(session_count) as int64) as session_count,
        cast(sum(engaged_session_count) as int64) as engaged_session_count,
        cast(sum(page_view_count) as int64) as page_view_count,
        cast(sum(event_count) as int64) as event_count,
        cast(sum(conversion_count) as int64) as conversion_count,
        sum(revenue) as revenue,
        {{ first_by('first_landing_page', 'session_date') }} as first_landing_page,
        {{ first_by('first_referrer_host', 'session_date') }} as first_referrer_host,
        {{ first_by('first_utm_source', 'session_date') }} as first_utm_source,
        {{ first_by('first_utm_medium', 'session_date') }} as first_utm_medium,
        {{ first_by('first_utm_campaign', 'session_date') }} as first_utm_campaign,
        {{ last_by('last_device_type', 'session_date') }} as last_device_type,
        {{ last_by('last_browser', 'session_date') }} as last_browser,
        {{ last_by('last_os', 'session_date') }} as last_os
    from daily
    group by visitor_id
)

select * from final
