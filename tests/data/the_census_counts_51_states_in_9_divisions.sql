with divisions as (
    select
        division,
        min(region) as first_region,
        max(region) as last_region,
        count(*) as states
    from {{ ref('us_states') }}
    where division is not null
    group by division
),

expected_divisions as (
    select
        division,
        first_region,
        last_region,
        states,
        case division
            when 'New England' then 6
            when 'Middle Atlantic' then 3
            when 'East North Central' then 5
            when 'West North Central' then 7
            when 'South Atlantic' then 9
            when 'East South Central' then 4
            when 'West South Central' then 4
            when 'Mountain' then 8
            when 'Pacific' then 5
        end as expected_states,
        case
            when division in ('New England', 'Middle Atlantic') then 'Northeast'
            when division in ('East North Central', 'West North Central') then 'Midwest'
            when division in ('Mountain', 'Pacific') then 'West'
            else 'South'
        end as expected_region
    from divisions
),

wrong_divisions as (
    select division
    from expected_divisions
    where
        states <> expected_states
        or first_region <> expected_region
        or last_region <> expected_region
),

missing_divisions as (
    select 'not nine divisions' as division
    from divisions
    having count(*) not in (0, 9)
),

others as (
    select state as division
    from {{ ref('us_states') }}
    where (division is null or region is null) and state <> 'PR'
)

select * from wrong_divisions
union all
select * from missing_divisions
union all
select * from others
