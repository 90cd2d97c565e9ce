with active_users as (
    select * from {{ ref('active_users') }}
),

days as (
    select
        date,
        dau,
        wau,
        mau,
        cast(100 * stickiness as decimal(5, 1)) as stickiness_percent,
        is_full_week,
        is_full_month
    from active_users
)

select * from days
order by date desc
limit 14
