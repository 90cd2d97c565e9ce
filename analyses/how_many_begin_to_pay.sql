with upgrade_funnel as (
    select * from {{ ref('upgrade_funnel') }}
),

steps as (
    select
        step_number,
        step,
        users,
        stays,
        cast(100 * conversion as decimal(5, 1)) as percent_converted,
        cast(median_seconds / 60 as decimal(12, 2)) as median_minutes
    from upgrade_funnel
    where funnel = 'upgrade'
)

select * from steps
order by step_number
