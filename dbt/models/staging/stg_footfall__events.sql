with

events as (
    select * from {{ source('footfall', 'events') }}
),

final as (
    select
        event_id,
        {{ utc_timestamp('event_ts') }} as event_ts,
        event_date,
        event_name,
        is_page_view,
        {{ is_conversion('event_name') }} as is_conversion,
        source,
        visitor_id,
        user_id,
        session_id,
        {{ utc_timestamp('session_start_ts') }} as session_start_ts,
        session_event_number,
        split_reason,
        {{ page_key('page_host', 'page_path') }} as page_id,
        page_host,
        coalesce(page_path, '(not set)') as page_path,
        page_title,
        referrer_host,
        utm_source,
        utm_medium,
        utm_campaign,
        http_status,
        bytes_sent,
        time_taken_ms,
        browser,
        os,
        device_type,
        engagement_ms,
        product_id,
        order_id,
        case when event_name = 'purchase' then price * coalesce(quantity, 1) end as revenue,
        cast({{ utc_timestamp('session_start_ts') }} as date) as session_date
    from events
)

select * from final
