with plays as (
    select * from {{ ref('songplays') }}
),

songs as (
    select * from {{ ref('songs') }}
),

dated_plays as (
    select
        plays.user_id,
        plays.duration,
        songs.song_id,
        songs.year - songs.year % 10 as decade
    from plays
    left join songs
        on
            plays.song_id = songs.song_id
            and {{ is_sure_match('plays.match_method') }}
),

eras as (
    select
        case
            when song_id is null then 'no song'
            when decade is null then 'no year'
            else cast(decade as varchar(4)) || 's'
        end as era,
        decade,
        count(*) as plays,
        count(distinct user_id) as listeners,
        count(distinct song_id) as songs,
        sum(duration) / 3600 as hours
    from dated_plays
    group by 1, 2
),

totals as (
    select
        sum(plays) as plays,
        sum(case when decade is not null then plays else 0 end) as dated_plays
    from eras
),

era_activity as (
    select
        eras.era,
        eras.decade,
        eras.plays,
        eras.listeners,
        eras.songs,
        eras.hours,
        cast(eras.plays as double precision) / totals.plays as share_of_plays,
        case
            when eras.decade is not null
                then cast(eras.plays as double precision) / totals.dated_plays
        end as share_of_dated_plays
    from eras
    cross join totals
)

select * from era_activity
