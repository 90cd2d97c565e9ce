select
    artist_id,
    name,
    count(*) as rows_of_the_name
from {{ ref('artist_names') }}
group by artist_id, name
having count(*) > 1

union all

select
    artists.artist_id,
    artists.name,
    count(artist_names.artist_id) as rows_of_the_name
from {{ ref('artists') }} as artists
left join {{ ref('artist_names') }} as artist_names
    on
        artists.artist_id = artist_names.artist_id
        and artists.name = artist_names.name
        and artist_names.is_canonical
group by artists.artist_id, artists.name
having count(artist_names.artist_id) <> 1
