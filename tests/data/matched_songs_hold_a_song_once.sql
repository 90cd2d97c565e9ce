-- depends_on: {{ ref('songplays') }}
select
    song_id,
    count(*) as times
from {{ ref('matched_songs') }}
group by song_id
having
    count(*) > 1
    or song_id is null
