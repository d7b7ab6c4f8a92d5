with

daily as (
    select * from {{ ref('int_pages__daily') }}
),

final as (
    select
        page_id,
        max(page_host) as page_host,
        max(page_path) as page_path,
        {{ last_by('page_title', 'case when page_title is not null then page_date end') }} as page_title,
        min(first_view_ts) as first_view_ts,
        max(last_view_ts) as last_view_ts,
        cast(sum(page_view_count) as int64) as page_view_count,
        cast(sum(entrance_count) as int64) as entrance_count,
        cast(sum(bounce_count) as int64) as bounce_count,
        cast(sum(exit_count) as int64) as exit_count
    from daily
    group by page_id
)

select * from final
