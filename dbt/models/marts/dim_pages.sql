with

daily as (
    select * from {{ ref('int_pages__daily') }}
),

sessions as (
    select * from {{ ref('fct_sessions') }}
),

pages as (
    select
        page_id,
        max(page_host) as page_host,
        max(page_path) as page_path,
        {{ last_by('page_title', 'case when page_title is not null then event_date end') }} as page_title,
        min(first_view_ts) as first_view_ts,
        max(last_view_ts) as last_view_ts,
        cast(sum(page_view_count) as int64) as page_view_count
    from daily
    group by page_id
),

landings as (
    select
        landing_page_id as page_id,
        cast(sum(case when is_bounce then 1 else 0 end) as int64) as bounce_count,
        count(*) as entrance_count
    from sessions
    group by landing_page_id
),

exits as (
    select
        exit_page_id as page_id,
        count(*) as exit_count
    from sessions
    group by exit_page_id
),

final as (
    select
        pages.page_id,
        pages.page_host,
        pages.page_path,
        pages.page_title,
        pages.first_view_ts,
        pages.last_view_ts,
        pages.page_view_count,
        coalesce(landings.entrance_count, 0) as entrance_count,
        coalesce(landings.bounce_count, 0) as bounce_count,
        coalesce(exits.exit_count, 0) as exit_count
    from pages
    left join landings on pages.page_id = landings.page_id
    left join exits on pages.page_id = exits.page_id
)

select * from final
