with users_history as (
    select * from {{ ref('users_history') }}
),

-- At a level the pages that lead away from it count
events as (
    select
        *,
        page in ('Submit Upgrade', 'Submit Downgrade') as is_submit
    from {{ ref('stg_events') }}
    where
        quarantine_reason is null
        and (
            (level = 'free' and page in ('Upgrade', 'Submit Upgrade'))
            or (level = 'paid' and page in ('Downgrade', 'Submit Downgrade'))
        )
),

funnels as (
    select 'upgrade' as funnel
    union all
    select 'downgrade' as funnel
),

step_numbers as (
    {{ numbered_rows('step_number', 1, 4) }}
),

steps as (
    select
        funnels.funnel,
        step_numbers.step_number,
        case
            when step_numbers.step_number = 2 then funnels.funnel || '_viewed'
            when step_numbers.step_number = 3 then funnels.funnel || '_submitted'
            when funnels.funnel = 'upgrade' and step_numbers.step_number = 1 then 'free'
            when funnels.funnel = 'downgrade' and step_numbers.step_number = 4
                then 'free'
            else 'paid'
        end as step
    from funnels
    cross join step_numbers
),

-- The moment at which a stay ends may have events of both levels: each is of its own
stays as (
    select
        users_history.user_id,
        users_history.level,
        users_history.valid_from as entered_at,
        users_history.valid_to as changed_at,
        min(case when not events.is_submit then events.event_at end) as viewed_at,
        min(case when events.is_submit then events.event_at end) as submitted_at
    from users_history
    left join events
        on
            users_history.user_id = events.user_id
            and users_history.level = events.level
            and users_history.valid_from <= events.event_at
            and (
                users_history.valid_to >= events.event_at
                or users_history.valid_to is null
            )
    group by
        users_history.user_id,
        users_history.level,
        users_history.valid_from,
        users_history.valid_to
),

-- Who took a later step has taken those before it, also where the log lacks the event
graded_stays as (
    select
        *,
        case level when 'free' then 'upgrade' else 'downgrade' end as funnel,
        case
            when changed_at is not null then 4
            when submitted_at is not null then 3
            when viewed_at is not null then 2
            else 1
        end as last_step_number,
        {{ dbt.datediff('entered_at', 'viewed_at', 'millisecond') }}
            as milliseconds_to_view,
        -- null unless both moments are known, and in order
        case
            when viewed_at <= submitted_at
                then {{ dbt.datediff('viewed_at', 'submitted_at', 'millisecond') }}
        end as milliseconds_to_submit,
        {{ dbt.datediff('submitted_at', 'changed_at', 'millisecond') }}
            as milliseconds_to_change
    from stays
),

steps_taken as (
    select
        steps.funnel,
        steps.step_number,
        graded_stays.user_id,
        case steps.step_number
            when 2 then graded_stays.milliseconds_to_view
            when 3 then graded_stays.milliseconds_to_submit
            when 4 then graded_stays.milliseconds_to_change
        end as milliseconds
    from steps
    inner join graded_stays
        on
            steps.funnel = graded_stays.funnel
            and steps.step_number <= graded_stays.last_step_number
),

counted_steps as (
    select
        funnel,
        step_number,
        count(distinct user_id) as users,
        count(*) as stays
    from steps_taken
    group by funnel, step_number
),

ranked_times as (
    select
        funnel,
        step_number,
        cast(milliseconds as double precision) / 1000 as seconds,
        row_number() over (
            partition by funnel, step_number order by milliseconds
        ) as place,
        count(*) over (partition by funnel, step_number) as times
    from steps_taken
    where milliseconds is not null
),

-- The one in the middle, or the mean of the two: Redshift's MEDIAN works on stored
-- tables only, which the rows of a unit test are not
typical_times as (
    select
        funnel,
        step_number,
        avg(case when 2 * place between times and times + 2 then seconds end)
            as median_seconds,
        avg(seconds) as average_seconds
    from ranked_times
    group by funnel, step_number
),

upgrade_funnel as (
    select
        steps.funnel,
        steps.step_number,
        steps.step,
        coalesce(counted_steps.users, 0) as users,
        coalesce(counted_steps.stays, 0) as stays,
        cast(coalesce(counted_steps.stays, 0) as double precision)
        / lag(counted_steps.stays) over (
            partition by steps.funnel order by steps.step_number
        ) as conversion,
        typical_times.median_seconds,
        typical_times.average_seconds
    from steps
    left join counted_steps
        on
            steps.funnel = counted_steps.funnel
            and steps.step_number = counted_steps.step_number
    left join typical_times
        on
            steps.funnel = typical_times.funnel
            and steps.step_number = typical_times.step_number
)

select * from upgrade_funnel
