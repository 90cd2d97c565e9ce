with staging_songs as (
    select * from {{ source('staging', 'staging_songs') }}
),

-- The newest load of a song wins, then the last file and line. Without an id nothing is
-- a repetition.
latest_deliveries as (
    select *
    from staging_songs as deliveries
    qualify
        row_number() over (
            partition by {{ clean_text('song_id') }}
            order by _load_id desc, _source_uri desc, _line desc
        ) = 1
        or {{ clean_text('song_id') }} is null
),

cleaned_songs as (
    select
        {{ clean_text('song_id') }} as song_id,
        {{ clean_text('artist_id') }} as artist_id,
        {{ clean_text('title') }} as title,
        {{ clean_text('artist_name') }} as artist_name,
        {{ clean_text('artist_location') }} as artist_location,
        nullif(year, 0) as year,
        duration,
        artist_latitude,
        artist_longitude,
        _load_id as load_id,
        _source_uri as source_uri,
        _line as line
    from latest_deliveries
),

songs as (
    select
        song_id,
        artist_id,
        title,
        artist_name,
        {{ match_key('title') }} as title_key,
        {{ match_key('artist_name') }} as artist_key,
        artist_location,
        case
            when song_id is null then 'no_song_id'
            when artist_id is null then 'no_artist_id'
            when title is null then 'no_title'
            when artist_name is null then 'no_artist_name'
            when duration is null or duration <= 0 then 'no_duration'
        end as quarantine_reason,
        year,
        duration,
        artist_latitude,
        artist_longitude,
        load_id,
        source_uri,
        line
    from cleaned_songs
)

select * from songs
