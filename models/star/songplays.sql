{{ config(dist='user_id', sort='start_time') }}

{#
    Written out where it is read, not a table expression: DuckDB would keep one that is
    read more than once in memory, all plays with all their columns.
#}
{% set plays %}
    {% if is_incremental() or not execute %}
        select * from plays_of_touched_days
        union all
        select * from plays_of_changed_songs
    {% else %}
        select * from {{ ref('stg_events') }}
        where
            page = 'NextSong'
            and quarantine_reason is null
    {% endif %}
{% endset %}
{% set match_columns = 'song_id, artist_id, title_key, artist_key, duration, load_id' %}

with songs as (
    select * from {{ ref('stg_songs') }}
    where quarantine_reason is null
),

{% if is_incremental() or not execute %}
    matched_songs as (
        select * from {{ ref('matched_songs') }}
    ),

    -- Songs that came, went or changed since plays were last matched
    changed_songs as (
        (
            select {{ match_columns }} from songs
            except
            select {{ match_columns }} from matched_songs
        )
        union all
        (
            select {{ match_columns }} from matched_songs
            except
            select {{ match_columns }} from songs
        )
    ),

    plays_of_touched_days as (
        select * from {{ ref('stg_events') }}
        where
            page = 'NextSong'
            and quarantine_reason is null
            and date in ({{ touched_days('event_load_id') }})
    ),

    -- Of other days, those whose song or artist may be another now: any such has a song
    -- of the artist's name
    plays_of_changed_songs as (
        select * from {{ ref('stg_events') }}
        where
            page = 'NextSong'
            and quarantine_reason is null
            and artist_key in (select changed_songs.artist_key from changed_songs)
            and date not in ({{ touched_days('event_load_id') }})
    ),
{% endif %}

-- What was played is matched once, however often it was played
recordings as (
    select
        title_key,
        artist_key,
        duration
    from ({{ plays }}) as plays
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
    from ({{ plays }}) as plays
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
        date as start_date,
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
