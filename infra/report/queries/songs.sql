select
    plays_rank,
    song_title,
    artist_name,
    plays,
    listeners,
    hours
from song_activity
order by plays desc, listeners desc, song_title asc, artist_name asc
limit 10
