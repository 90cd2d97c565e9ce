with songplays as (
    select * from {{ ref('songplays') }}
    {% if not tests_are_full() %}
        where start_date in ({{ tested_days() }})
    {% endif %}
),

users_history as (
    select * from {{ ref('users_history') }}
),

events as (
    select * from {{ ref('stg_events') }}
    where quarantine_reason is null
),

levels as (
    select
        songplays.songplay_id,
        songplays.user_id,
        songplays.start_time,
        songplays.level,
        users_history.level as level_of_moment
    from songplays
    left join users_history
        on
            songplays.user_id = users_history.user_id
            and songplays.start_time >= users_history.valid_from
            and (
                songplays.start_time < users_history.valid_to
                or users_history.valid_to is null
            )
),

different_levels as (
    select * from levels
    where
        level_of_moment is null
        or level <> level_of_moment
)

select
    different_levels.songplay_id,
    different_levels.user_id,
    different_levels.start_time,
    different_levels.level,
    different_levels.level_of_moment
from different_levels
left join events
    on
        different_levels.user_id = events.user_id
        and different_levels.start_time = events.event_at
        and different_levels.level_of_moment = events.level
where events.user_id is null
