with delivered_songs as (
    select count(*) as songs
    from {{ source('staging', 'staging_songs') }}
),

songs as (
    select count(*) as songs
    from {{ ref('songs') }}
),

quarantined_songs as (
    select count(*) as songs
    from {{ ref('stg_songs') }}
    where quarantine_reason is not null
),

repetitions as (
    select coalesce(sum(repetitions), 0) as songs
    from {{ ref('stg_songs') }}
)

select
    delivered_songs.songs as delivered,
    songs.songs as kept,
    quarantined_songs.songs as quarantined,
    repetitions.songs as repeated
from delivered_songs
cross join songs
cross join quarantined_songs
cross join repetitions
where
    delivered_songs.songs
    <> songs.songs + quarantined_songs.songs + repetitions.songs
