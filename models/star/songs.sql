{{ config(dist='all', sort='song_id') }}

with stg_songs as (
    select * from {{ ref('stg_songs') }}
    where quarantine_reason is null
),

songs as (
    select
        song_id,
        artist_id,
        title,
        year,
        duration
    from stg_songs
)

select * from songs
