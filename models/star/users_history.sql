{{ config(dist='all', sort=['user_id', 'valid_from']) }}

with user_days as (
    select * from {{ ref('stg_user_days') }}
),

stretches as (
    select
        user_id,
        level,
        first_event_at,
        lead(first_event_at) over (
            partition by user_id
            order by date, stretch
        ) as next_event_at,
        date,
        stretch
    from user_days
),

-- Where a user has several levels in one moment, the last holds: others last no time
lasting_stretches as (
    select
        user_id,
        level,
        first_event_at,
        lag(level) over (
            partition by user_id
            order by date, stretch
        ) as level_before
    from stretches
    where
        next_event_at is null
        or next_event_at > first_event_at
),

changes as (
    select *
    from lasting_stretches
    where
        level_before is null
        or level_before <> level
),

valid_levels as (
    select
        user_id,
        level,
        first_event_at as valid_from,
        lead(first_event_at) over (
            partition by user_id
            order by first_event_at
        ) as valid_to
    from changes
),

users_history as (
    select
        user_id,
        level,
        valid_to is null as is_current,
        valid_from,
        valid_to
    from valid_levels
)

select * from users_history
