-- what is added up by date is what the facts hold: a row here is a date with a total that differs
with

sessions as (
    select
        session_date as day,
        count(*) as sessions,
        count(landing_page_id) as landings
    from {{ touched_rows(ref('fct_sessions')) }}
    group by session_date
),

page_views as (
    select
        event_date as day,
        count(*) as page_views
    from {{ ref('fct_page_views') }}
    {%- if not should_full_refresh() %}
        where {{ in_dates('event_date', touched_session_dates()) }}
    {%- endif %}
    group by event_date
),

metrics as (
    select
        metric_date as day,
        sum(sessions) as sessions,
        sum(engaged_sessions) + sum(bounces) as judged_sessions,
        sum(page_views) as page_views
    from {{ touched_rows(ref('int_metrics__daily')) }}
    group by metric_date
),

visitors as (
    select
        session_date as day,
        sum(session_count) as sessions
    from {{ touched_rows(ref('int_visitors__daily')) }}
    group by session_date
),

pages as (
    select
        page_date as day,
        sum(page_view_count) as page_views,
        sum(entrance_count) as entrances,
        sum(exit_count) as exits
    from {{ touched_rows(ref('int_pages__daily')) }}
    group by page_date
),

days as (
    select day from sessions
    union distinct
    select day from page_views
    union distinct
    select day from metrics
    union distinct
    select day from visitors
    union distinct
    select day from pages
),

totals as (
    select
        days.day,
        coalesce(sessions.sessions, 0) as sessions,
        coalesce(metrics.sessions, 0) as sessions_in_metrics,
        coalesce(metrics.judged_sessions, 0) as judged_in_metrics,
        coalesce(visitors.sessions, 0) as sessions_of_visitors,
        coalesce(sessions.landings, 0) as landings,
        coalesce(pages.entrances, 0) as entrances,
        coalesce(pages.exits, 0) as exits,
        coalesce(page_views.page_views, 0) as page_views,
        coalesce(metrics.page_views, 0) as page_views_in_metrics,
        coalesce(pages.page_views, 0) as page_views_of_pages
    from days
    left join sessions on days.day = sessions.day
    left join page_views on days.day = page_views.day
    left join metrics on days.day = metrics.day
    left join visitors on days.day = visitors.day
    left join pages on days.day = pages.day
),

final as (
    select *
    from totals
    where
        sessions_in_metrics != sessions
        or judged_in_metrics != sessions
        or sessions_of_visitors != sessions
        or entrances != landings
        or exits != landings
        or page_views_in_metrics != page_views
        or page_views_of_pages != page_views
)

select * from final
