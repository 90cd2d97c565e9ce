with song_activity as (
    select * from {{ ref('song_activity') }}
),

top_songs as (
    select
        plays_rank as place,
        song_title,
        artist_name,
        plays,
        listeners,
        cast(100 * repeat_share as decimal(5, 1)) as percent_repeats
    from song_activity
)

select * from top_songs
order by place, song_title, artist_name
limit 10
