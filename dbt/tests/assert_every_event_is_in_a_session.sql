-- no event is lost or counted twice on its way into sessions: a row here is the two counts that differ
with

events as (
    select count(*) as event_count from {{ ref('stg_footfall__events') }}
),

sessions as (
    select coalesce(sum(event_count), 0) as event_count from {{ ref('fct_sessions') }}
),

final as (
    select
        events.event_count as events_in_staging,
        sessions.event_count as events_in_sessions
    from events
    cross join sessions
    where events.event_count != sessions.event_count
)

select * from final
