{{
    config(
        incremental_strategy=overwrite_strategy(),
        unique_key='event_date',
        partition_by=partition_by_day('event_date'),
        partitions=date_literals(touched_dates()),
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
            and {{ in_dates('event_date', touched_dates()) }}
        {%- endif %}
),

final as (
    select
        page_id,
        event_date,
        max(page_host) as page_host,
        max(page_path) as page_path,
        {{ last_by('page_title', 'title_order') }} as page_title,
        min(event_ts) as first_view_ts,
        max(event_ts) as last_view_ts,
        count(*) as page_view_count
    from page_views
    group by page_id, event_date
)

select * from final
