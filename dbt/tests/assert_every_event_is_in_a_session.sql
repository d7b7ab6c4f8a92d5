-- no event is lost or counted twice on its way into sessions: a row here is a date whose two counts differ
with

events as (
    select
        session_date,
        count(*) as event_count
    from {{ ref('stg_footfall__events') }}
    {%- if not should_full_refresh() %}
        -- events of the sessions that were rewritten, and touched events that are in none of these
        where
            {{ in_dates('event_date', touched_session_event_dates()) }}
            and (
                {{ in_dates('session_date', touched_session_dates()) }}
                or {{ in_dates('event_date', touched_dates()) }}
            )
    {%- endif %}
    group by session_date
),

sessions as (
    select
        session_date,
        sum(event_count) as event_count
    from {{ touched_rows(ref('fct_sessions')) }}
    group by session_date
),

final as (
    select
        events.event_count as events_in_staging,
        sessions.event_count as events_in_sessions,
        coalesce(events.session_date, sessions.session_date) as session_date
    from events
    full outer join sessions on events.session_date = sessions.session_date
    where coalesce(events.event_count, 0) != coalesce(sessions.event_count, 0)
)

select * from final
