with stg_songs as (
    select * from {{ ref('stg_songs') }}
),

-- None: songplays writes them, in the transaction in which it uses them
matched_songs as (
    select
        song_id,
        artist_id,
        title_key,
        artist_key,
        duration,
        load_id
    from stg_songs
    where false
)

select * from matched_songs
