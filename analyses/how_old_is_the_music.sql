with songplays as (
    select * from {{ ref('songplays') }}
),

songs as (
    select * from {{ ref('songs') }}
),

-- An inner join would lose most plays, and with them that the rest is a small part.
-- What agrees by title and artist alone is often another recording.
plays as (
    select
        songplays.user_id,
        case
            when songs.song_id is null then 'no song'
            when songs.year is null then 'no year'
            else cast(songs.year - songs.year % 10 as varchar(8)) || 's'
        end as era,
        songs.year is not null as has_year
    from songplays
    left join songs
        on
            songplays.song_id = songs.song_id
            and songplays.match_method <> 'title_artist'
),

eras as (
    select
        era,
        count(*) as plays,
        count(distinct user_id) as listeners,
        cast(
            100 * cast(count(*) as double precision) / sum(count(*)) over ()
            as decimal(5, 1)
        ) as percent_of_all,
        case
            when has_year
                then cast(
                    100 * cast(count(*) as double precision)
                    / sum(count(*)) over (partition by has_year)
                    as decimal(5, 1)
                )
        end as percent_of_dated
    from plays
    group by era, has_year
)

select * from eras
order by era
limit 20
