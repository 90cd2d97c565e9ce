{{ config(dist='user_id', sort='start_time') }}

with plays as (
    select * from {{ ref('stg_events') }}
    where
        page = 'NextSong'
        and quarantine_reason is null
),

songs as (
    select * from {{ ref('stg_songs') }}
    where quarantine_reason is null
),

-- What was played is matched once, however often it was played
recordings as (
    select
        title_key,
        artist_key,
        duration
    from plays
    group by title_key, artist_key, duration
),

-- The nearest duration wins, then the lowest song_id: one song at most per recording
matched_recordings as (
    select
        recordings.title_key,
        recordings.artist_key,
        recordings.duration,
        songs.song_id,
        abs(songs.duration - recordings.duration) as match_duration_diff,
        songs.load_id as song_load_id
    from recordings
    inner join songs
        on
            recordings.title_key = songs.title_key
            and recordings.artist_key = songs.artist_key
    qualify
        row_number() over (
            partition by
                recordings.title_key,
                recordings.artist_key,
                recordings.duration
            order by abs(songs.duration - recordings.duration), songs.song_id
        ) = 1
),

-- Who goes by a name: one artist, or several and then nobody in particular. A name
-- without letters or digits (`!!!`) identifies nobody by itself.
named_artists as (
    select
        artist_key,
        min(artist_id) as artist_id,
        count(distinct artist_id) as artists
    from songs
    where artist_key similar to '[a-z0-9]+'
    group by artist_key
),

matched_plays as (
    select
        plays.*,
        matched_recordings.song_id,
        matched_recordings.match_duration_diff,
        matched_recordings.song_load_id,
        named_artists.artist_id as named_artist_id,
        named_artists.artists as artists_of_that_name
    from plays
    left join matched_recordings
        on
            plays.title_key = matched_recordings.title_key
            and plays.artist_key = matched_recordings.artist_key
            and plays.duration = matched_recordings.duration
    left join named_artists
        on plays.artist_key = named_artists.artist_key
),

songplays as (
    select
        -- from the event alone: the id stays when its song is matched later
        md5(
            cast(session_id as varchar(20))
            || '|' || cast(item_in_session as varchar(20))
            || '|' || cast(ts as varchar(20))
        ) as songplay_id,
        event_at as start_time,
        user_id,
        song_id,
        case when artists_of_that_name = 1 then named_artist_id end as artist_id,
        session_id,
        item_in_session,
        level,
        song_title,
        artist_name,
        case
            when song_id is null then 'none'
            when match_duration_diff <= 0.5 then 'title_artist_duration'
            when match_duration_diff <= 5 then 'title_artist_near'
            else 'title_artist'
        end as match_method,
        case
            when artists_of_that_name = 1 and song_id is not null then 'via_song'
            when artists_of_that_name = 1 then 'name'
            when artists_of_that_name > 1 then 'ambiguous'
            else 'none'
        end as artist_match_method,
        location,
        user_agent,
        duration,
        match_duration_diff,
        load_id as event_load_id,
        song_load_id
    from matched_plays
)

select * from songplays
