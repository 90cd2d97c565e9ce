select
    'song' as thing,
    match_method as method,
    count(*) as plays
from songplays
group by match_method
union all
select
    'artist' as thing,
    artist_match_method as method,
    count(*) as plays
from songplays
group by artist_match_method
order by thing desc, plays desc, method asc
