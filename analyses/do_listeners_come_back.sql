with cohort_retention as (
    select * from {{ ref('cohort_retention') }}
),

-- Weeks that the log holds in part would look like weeks in which people stayed away
percentages as (
    select
        cohort_week,
        cohort_size,
        weeks_since,
        case when is_full_week then cast(100 * retention as decimal(5, 1)) end
            as percentage
    from cohort_retention
),

cohorts as (
    select
        cohort_week,
        cohort_size,
        max(case when weeks_since = 1 then percentage end) as week_1,
        max(case when weeks_since = 2 then percentage end) as week_2,
        max(case when weeks_since = 3 then percentage end) as week_3,
        max(case when weeks_since = 4 then percentage end) as week_4
    from percentages
    group by cohort_week, cohort_size
)

select * from cohorts
order by cohort_week desc
limit 12
