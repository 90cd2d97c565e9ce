-- Every delivered song is in songs or in quarantine once; only repeated deliveries of
-- its id are left out.
with song_ids as (
    select {{ clean_text('song_id') }} as song_id
    from {{ source('staging', 'staging_songs') }}
),

deliveries as (
    select
        count(*) as deliveries,
        case when song_id is null then 0 else count(*) - 1 end as repetitions
    from song_ids
    group by song_id
),

delivered_songs as (
    select
        coalesce(sum(deliveries), 0) as delivered,
        coalesce(sum(repetitions), 0) as repeated
    from deliveries
),

kept_songs as (
    select count(*) as kept
    from {{ ref('songs') }}
),

quarantined_songs as (
    select count(*) as quarantined
    from {{ ref('quarantine_songs') }}
)

select
    delivered_songs.delivered,
    delivered_songs.repeated,
    kept_songs.kept,
    quarantined_songs.quarantined
from delivered_songs
cross join kept_songs
cross join quarantined_songs
where
    delivered_songs.delivered
    <> kept_songs.kept + quarantined_songs.quarantined + delivered_songs.repeated
