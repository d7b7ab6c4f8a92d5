{{
    config(
        incremental_strategy=overwrite_strategy(),
        unique_key='page_date',
        partition_by=partition_by_day('page_date'),
        partitions=date_literals(touched_session_dates()),
    )
}}

with

page_views as (
    select
        *,
        -- two titles in one microsecond: the event id decides, so that every build picks the same
        case
            when page_title is not null
                then concat(lpad(cast({{ unix_micros('event_ts') }} as string), 17, '0'), event_id)
        end as title_order
    from {{ ref('stg_footfall__events') }}
    where
        is_page_view
        {%- if is_incremental() %}
            and {{ in_dates('event_date', touched_session_dates()) }}
        {%- endif %}
),

sessions as (
    select * from {{ ref('fct_sessions') }}
    where
        landing_page_id is not null
        {%- if is_incremental() %}
            and {{ in_dates('session_date', touched_session_dates()) }}
        {%- endif %}
),

viewed as (
    select
        page_id,
        event_date as page_date,
        max(page_host) as page_host,
        max(page_path) as page_path,
        {{ last_by('page_title', 'title_order') }} as page_title,
        min(event_ts) as first_view_ts,
        max(event_ts) as last_view_ts,
        count(*) as page_view_count
    from page_views
    group by page_id, event_date
),

session_ends as (
    select
        landing_page_id as page_id,
        session_date as page_date,
        1 as entrances,
        case when is_bounce then 1 else 0 end as bounces,
        0 as exits
    from sessions
    union all
    select
        exit_page_id as page_id,
        session_date as page_date,
        0 as entrances,
        0 as bounces,
        1 as exits
    from sessions
),

visited as (
    select
        page_id,
        page_date,
        cast(sum(entrances) as int64) as entrance_count,
        cast(sum(bounces) as int64) as bounce_count,
        cast(sum(exits) as int64) as exit_count
    from session_ends
    group by page_id, page_date
),

final as (
    -- a session over midnight can end on a page that was not viewed on the date it began, and a page can be viewed
    -- on a date without any session beginning or ending on it
    select
        viewed.page_host,
        viewed.page_path,
        viewed.page_title,
        viewed.first_view_ts,
        viewed.last_view_ts,
        coalesce(viewed.page_id, visited.page_id) as page_id,
        coalesce(viewed.page_date, visited.page_date) as page_date,
        coalesce(viewed.page_view_count, 0) as page_view_count,
        coalesce(visited.entrance_count, 0) as entrance_count,
        coalesce(visited.bounce_count, 0) as bounce_count,
        coalesce(visited.exit_count, 0) as exit_count
    from viewed
    full outer join visited on viewed.page_id = visited.page_id and viewed.page_date = visited.page_date
)

select * from final
