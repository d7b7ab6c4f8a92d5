{{
    config(
        incremental_strategy=overwrite_strategy(),
        unique_key='session_date',
        partition_by=partition_by_day('session_date'),
        partitions=date_literals(touched_session_dates()),
    )
}}

with

events as (
    select
        *,
        case when is_page_view then page_id end as viewed_page_id,
        case when is_page_view then page_path end as viewed_page_path,
        case when is_page_view then session_event_number end as page_view_number
    from {{ ref('stg_footfall__events') }}
    {%- if is_incremental() %}
        where
            {{ in_dates('event_date', touched_session_event_dates()) }}
            and {{ in_dates('session_date', touched_session_dates()) }}
    {%- endif %}
),

final as (
    select
        session_id,
        session_date,
        session_start_ts,
        max(event_ts) as session_end_ts,
        {{ first_by('visitor_id', 'session_event_number') }} as visitor_id,
        max(user_id) as user_id,
        count(*) as event_count,
        cast(sum(case when is_page_view then 1 else 0 end) as int64) as page_view_count,
        cast(sum(case when is_conversion then 1 else 0 end) as int64) as conversion_count,
        coalesce(sum(revenue), 0) as revenue,
        cast(sum(engagement_ms) as int64) as engagement_ms,
        {{ first_by('viewed_page_id', 'page_view_number') }} as landing_page_id,
        {{ first_by('viewed_page_path', 'page_view_number') }} as landing_page,
        {{ last_by('viewed_page_id', 'page_view_number') }} as exit_page_id,
        {{ last_by('viewed_page_path', 'page_view_number') }} as exit_page,
        {{ first_by('split_reason', 'session_event_number') }} as split_reason,
        {{ first_by('source', 'session_event_number') }} as source,
        {{ first_by('referrer_host', 'session_event_number') }} as referrer_host,
        {{ first_by('utm_source', 'session_event_number') }} as utm_source,
        {{ first_by('utm_medium', 'session_event_number') }} as utm_medium,
        {{ first_by('utm_campaign', 'session_event_number') }} as utm_campaign,
        {{ first_by('device_type', 'session_event_number') }} as device_type,
        {{ first_by('browser', 'session_event_number') }} as browser,
        {{ first_by('os', 'session_event_number') }} as os
    from events
    group by session_id, session_date, session_start_ts
)

select * from final
