with plays as (
    select
        *,
        case when {{ is_sure_match('match_method') }} then song_id end as sure_song_id
    from {{ ref('songplays') }}
),

listening as (
    select
        song_title,
        artist_name,
        count(*) as plays,
        count(distinct user_id) as listeners,
        count(sure_song_id) as matched_plays,
        sum(duration) / 3600 as hours,
        min(start_time) as first_played_at,
        max(start_time) as last_played_at
    from plays
    group by song_title, artist_name
),

matched_songs as (
    select
        song_title,
        artist_name,
        sure_song_id as song_id,
        count(*) as plays
    from plays
    where sure_song_id is not null
    group by song_title, artist_name, sure_song_id
),

-- The catalogue can hold two recordings of one title: the one played more often, then
-- the lowest song_id
usual_songs as (
    select *
    from matched_songs as songs
    qualify
        row_number() over (
            partition by song_title, artist_name
            order by plays desc, song_id asc
        ) = 1
),

song_activity as (
    select
        listening.song_title,
        listening.artist_name,
        usual_songs.song_id,
        cast(rank() over (order by listening.plays desc) as integer) as plays_rank,
        listening.plays,
        listening.listeners,
        listening.plays - listening.listeners as repeat_plays,
        listening.matched_plays,
        listening.hours,
        cast(listening.plays - listening.listeners as double precision)
        / listening.plays as repeat_share,
        listening.first_played_at,
        listening.last_played_at
    from listening
    left join usual_songs
        on
            listening.song_title = usual_songs.song_title
            and listening.artist_name = usual_songs.artist_name
)

select * from song_activity
