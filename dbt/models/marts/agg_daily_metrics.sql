with

daily as (
    select * from {{ ref('int_metrics__daily') }}
),

final as (
    select
        metric_date,
        sessions,
        visitors,
        page_views,
        events,
        engaged_sessions,
        bounces,
        bounce_rate,
        avg_session_duration_seconds,
        conversions,
        revenue,
        {{ elapsed(now_utc(), 'cast(metric_date as timestamp)', 'second') }} >= {{ final_after_seconds() }} as is_final
    from daily
)

select * from final
