with plays as (
    select * from {{ ref('songplays') }}
),

listening as (
    select
        artist_name,
        -- one name has one answer in the catalogue: an artist, several or none
        max(artist_id) as artist_id,
        max(case when artist_match_method = 'ambiguous' then 1 else 0 end) as is_shared,
        count(*) as plays,
        count(distinct user_id) as listeners,
        count(distinct song_title) as songs,
        count(case when {{ is_sure_match('match_method') }} then 1 end)
            as matched_plays,
        sum(duration) / 3600 as hours,
        min(start_time) as first_played_at,
        max(start_time) as last_played_at
    from plays
    group by artist_name
),

artist_activity as (
    select
        artist_name,
        artist_id,
        case
            when artist_id is not null then 'one'
            when is_shared = 1 then 'several'
            else 'none'
        end as catalogue_artists,
        cast(rank() over (order by plays desc) as integer) as plays_rank,
        plays,
        listeners,
        plays - listeners as repeat_plays,
        songs,
        matched_plays,
        hours,
        cast(plays - listeners as double precision) / plays as repeat_share,
        first_played_at,
        last_played_at
    from listening
)

select * from artist_activity
