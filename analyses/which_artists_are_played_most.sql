with songplays as (
    select * from {{ ref('songplays') }}
),

artists as (
    select * from {{ ref('artists') }}
),

-- A name as played is one artist of the catalogue in all of its plays, or none
artists_as_played as (
    select
        artist_name,
        max(artist_id) as artist_id,
        count(*) as plays,
        count(distinct user_id) as listeners,
        count(distinct song_title) as songs
    from songplays
    group by artist_name
),

-- An inner join would lose everybody whom the catalogue does not know
top_artists as (
    select
        artists_as_played.artist_name,
        artists.location as comes_from,
        artists_as_played.plays,
        artists_as_played.listeners,
        artists_as_played.songs
    from artists_as_played
    left join artists
        on artists_as_played.artist_id = artists.artist_id
)

select * from top_artists
order by plays desc, artist_name asc
limit 10
