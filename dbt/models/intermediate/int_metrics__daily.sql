{{
    config(
        incremental_strategy=overwrite_strategy(),
        unique_key='metric_date',
        partition_by=partition_by_day('metric_date'),
        partitions=date_literals(touched_session_dates()),
    )
}}

with

events as (
    select * from {{ ref('stg_footfall__events') }}
    {%- if is_incremental() %}
        where {{ in_dates('event_date', touched_session_dates()) }}
    {%- endif %}
),

sessions as (
    select * from {{ ref('fct_sessions') }}
    {%- if is_incremental() %}
        where {{ in_dates('session_date', touched_session_dates()) }}
    {%- endif %}
),

events_by_date as (
    select
        event_date,
        cast(sum(case when is_page_view then 1 else 0 end) as int64) as page_views,
        cast(sum(case when is_conversion then 1 else 0 end) as int64) as conversions,
        count(distinct visitor_id) as visitors,
        count(*) as events,
        coalesce(sum(revenue), 0) as revenue
    from events
    group by event_date
),

sessions_by_date as (
    select
        session_date,
        cast(sum(case when is_engaged then 1 else 0 end) as int64) as engaged_sessions,
        cast(sum(case when is_bounce then 1 else 0 end) as int64) as bounces,
        cast(sum(duration_seconds) as int64) as duration_seconds,
        count(*) as sessions
    from sessions
    group by session_date
),

final as (
    -- a date whose sessions all began the evening before has events and no session;
    -- the reverse cannot be: a session begins with an event
    select
        events_by_date.event_date as metric_date,
        coalesce(sessions_by_date.sessions, 0) as sessions,
        events_by_date.visitors,
        events_by_date.page_views,
        events_by_date.events,
        coalesce(sessions_by_date.engaged_sessions, 0) as engaged_sessions,
        coalesce(sessions_by_date.bounces, 0) as bounces,
        {{ ratio('sessions_by_date.bounces', 'sessions_by_date.sessions') }} as bounce_rate,
        {{ ratio('sessions_by_date.duration_seconds', 'sessions_by_date.sessions') }} as avg_session_duration_seconds,
        events_by_date.conversions,
        events_by_date.revenue
    from events_by_date
    left join sessions_by_date on events_by_date.event_date = sessions_by_date.session_date
)

select * from final
