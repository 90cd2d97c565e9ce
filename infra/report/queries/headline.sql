select
    count(*) as plays,
    count(distinct user_id) as listeners,
    count(distinct session_id) as sessions,
    sum(duration) / 3600 as hours,
    count(case when level = 'paid' then 1 end) as paid_plays,
    count(song_id) as plays_with_song,
    count(artist_id) as plays_with_artist,
    min(start_time) as first_play_at,
    max(start_time) as last_play_at
from songplays
