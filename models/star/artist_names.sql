{{ config(dist='all', sort='artist_id') }}

with stg_songs as (
    select * from {{ ref('stg_songs') }}
    where quarantine_reason is null
),

artists as (
    select * from {{ ref('artists') }}
),

names as (
    select
        artist_id,
        artist_name as name,
        artist_key as name_key,
        count(*) as songs
    from stg_songs
    group by artist_id, artist_name, artist_key
),

artist_names as (
    select
        names.artist_id,
        names.name,
        names.name_key,
        names.songs,
        names.name = artists.name as is_canonical
    from names
    left join artists
        on names.artist_id = artists.artist_id
)

select * from artist_names
