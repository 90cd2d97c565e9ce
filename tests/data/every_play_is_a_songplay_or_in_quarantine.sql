with plays as (
    select count(*) as events
    from {{ ref('stg_events') }}
    where page = 'NextSong'
),

songplays as (
    select count(*) as kept
    from {{ ref('songplays') }}
),

quarantined_plays as (
    select count(*) as quarantined
    from {{ ref('quarantine_events') }}
    where page = 'NextSong'
)

select
    plays.events,
    songplays.kept,
    quarantined_plays.quarantined
from plays
cross join songplays
cross join quarantined_plays
where plays.events <> songplays.kept + quarantined_plays.quarantined
