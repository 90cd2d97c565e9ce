select
    plays_rank,
    artist_name,
    plays,
    listeners,
    songs,
    hours
from artist_activity
order by plays desc, listeners desc, artist_name asc
limit 10
