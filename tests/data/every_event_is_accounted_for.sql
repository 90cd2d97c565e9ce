with delivered_events as (
    select count(*) as events
    from {{ source('staging', 'staging_events') }}
),

plays as (
    select count(*) as events
    from {{ ref('songplays') }}
),

other_pages as (
    select count(*) as events
    from {{ ref('stg_events') }}
    where
        quarantine_reason is null
        and (page <> 'NextSong' or page is null)
),

quarantined_events as (
    select count(*) as events
    from {{ ref('stg_events') }}
    where quarantine_reason is not null
),

repetitions as (
    select coalesce(sum(repetitions), 0) as events
    from {{ ref('stg_events') }}
)

select
    delivered_events.events as delivered,
    plays.events as plays,
    other_pages.events as other_pages,
    quarantined_events.events as quarantined,
    repetitions.events as repeated
from delivered_events
cross join plays
cross join other_pages
cross join quarantined_events
cross join repetitions
where
    delivered_events.events
    <> plays.events
    + other_pages.events
    + quarantined_events.events
    + repetitions.events
