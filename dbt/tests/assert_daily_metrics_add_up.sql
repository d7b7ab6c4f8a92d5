-- the daily totals are the facts they were made from: rows here are totals that differ
with

daily as (
    select
        sum(sessions) as sessions,
        sum(engaged_sessions) + sum(bounces) as judged_sessions,
        sum(page_views) as page_views
    from {{ ref('agg_daily_metrics') }}
),

sessions as (
    select count(*) as sessions from {{ ref('fct_sessions') }}
),

page_views as (
    select count(*) as page_views from {{ ref('fct_page_views') }}
),

final as (
    select
        daily.sessions as daily_sessions,
        sessions.sessions,
        daily.judged_sessions,
        daily.page_views as daily_page_views,
        page_views.page_views
    from daily
    cross join sessions
    cross join page_views
    where
        daily.sessions != sessions.sessions
        or daily.judged_sessions != sessions.sessions
        or daily.page_views != page_views.page_views
)

select * from final
