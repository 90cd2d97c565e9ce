{{ config(dist='all', sort='artist_id') }}

with stg_songs as (
    select * from {{ ref('stg_songs') }}
    where quarantine_reason is null
),

artist_names as (
    select
        artist_id,
        artist_name,
        count(*) as songs
    from stg_songs
    group by artist_id, artist_name
),

-- The name on most songs, then one that names no second artist, then the shortest
canonical_names as (
    select *
    from artist_names as names
    qualify
        row_number() over (
            partition by artist_id
            order by
                songs desc,
                case when {{ names_a_collaboration('artist_name') }} then 1 else 0 end,
                length(artist_name),
                artist_name
        ) = 1
),

-- Location and coordinates come from one row, never mixed: the fullest, then the
-- lowest song_id
fullest_locations as (
    select *
    from stg_songs as locations
    qualify
        row_number() over (
            partition by artist_id
            order by
                case when artist_location is null then 1 else 0 end
                + case when artist_latitude is null then 1 else 0 end,
                case when artist_location is null then 1 else 0 end,
                song_id
        ) = 1
),

artists as (
    select
        canonical_names.artist_id,
        canonical_names.artist_name as name,
        fullest_locations.artist_location as location,
        fullest_locations.artist_latitude as latitude,
        fullest_locations.artist_longitude as longitude
    from canonical_names
    left join fullest_locations
        on canonical_names.artist_id = fullest_locations.artist_id
)

select * from artists
