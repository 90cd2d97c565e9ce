select
    era,
    decade,
    plays,
    listeners,
    songs,
    hours,
    share_of_plays,
    share_of_dated_plays
from era_activity
order by coalesce(decade, 9999), era
