with measures as (
    select * from {{ ref('quality_measures') }}
),

songplays as (
    select * from {{ ref('songplays') }}
),

songs as (
    select * from {{ ref('songs') }}
),

events as (
    select * from {{ ref('stg_events') }}
),

catalogue as (
    select * from {{ ref('stg_songs') }}
),

raw_events as (
    select * from {{ source('staging', 'staging_events') }}
),

raw_songs as (
    select * from {{ source('staging', 'staging_songs') }}
),

load_runs as (
    select * from {{ source('load', 'load_runs') }}
),

load_files as (
    select * from {{ source('load', 'load_files') }}
),

load_rejects as (
    select * from {{ source('load', 'load_rejects') }}
),

-- Counts: one row each

play_counts as (
    select
        count(*) as plays,
        count(case when {{ is_sure_match('match_method') }} then 1 end) as with_song,
        count(case when match_method = 'title_artist' then 1 end) as with_doubtful_song,
        count(artist_id) as with_artist,
        count(case when artist_match_method = 'ambiguous' then 1 end)
            as with_shared_name,
        count(
            case
                when
                    {{ has_damaged_letters('song_title') }}
                    or {{ has_damaged_letters('artist_name') }}
                    then 1
            end
        ) as with_damaged_text
    from songplays
),

-- Letters encoded twice hold `Ã`. So do some intended texts, which no repair changes.
suspicious_events as (
    select *
    from raw_events
    where
        song like '%Ã%'
        or artist like '%Ã%'
),

repair_counts as (
    select count(*) as plays
    from suspicious_events
    inner join events
        on
            suspicious_events._source_uri = events.source_uri
            and suspicious_events._line = events.line
    where
        events.page = 'NextSong'
        and events.quarantine_reason is null
        and (
            {{ clean_text('suspicious_events.song') }} <> events.song_title
            or {{ clean_text('suspicious_events.artist') }} <> events.artist_name
        )
),

event_counts as (
    select
        count(*) as events,
        count(case when page = 'NextSong' then 1 end) as requests,
        count(quarantine_reason) as quarantined,
        max(case when quarantine_reason is null then event_at end) as last_event_at
    from events
),

catalogue_counts as (
    select
        count(*) as songs,
        count(quarantine_reason) as quarantined
    from catalogue
),

song_counts as (
    select
        count(*) as songs,
        count(year) as with_year,
        count(case when {{ has_damaged_letters('title') }} then 1 end)
            as with_damaged_text
    from songs
),

delivery_counts as (
    select
        (select count(*) from raw_events) as events,
        (select count(*) from raw_songs) as songs
),

-- Items run from 0 without gaps
sessions as (
    select
        session_id,
        case when max(item_in_session) <> count(*) - 1 then 1 end as has_gap
    from events
    where
        session_id is not null
        and item_in_session is not null
        and (quarantine_reason <> 'conflicting_duplicate' or quarantine_reason is null)
    group by session_id
),

session_counts as (
    select
        count(*) as sessions,
        count(has_gap) as with_gaps
    from sessions
),

newest_versions as (
    select *
    from load_files as versions
    qualify
        row_number() over (
            partition by target, uri
            order by load_id desc
        ) = 1
),

known_file_counts as (
    select
        count(*) as files,
        count(case when status = 'rejected' then 1 end) as rejected
    from newest_versions
    where status <> 'superseded'
),

-- A newer version can be rejected: then the rows of the live one stay
live_file_counts as (
    select
        count(case when status in ('loaded', 'gone') then 1 end) as with_rows,
        count(case when status = 'gone' then 1 end) as gone,
        count(case when status = 'duplicate' then 1 end) as left_out,
        coalesce(sum(rows_in_file), 0) as rows_in_files,
        coalesce(sum(rows_rejected), 0) as rows_rejected
    from load_files
    where status in ('loaded', 'gone', 'duplicate')
),

succeeded_loads as (
    select
        target,
        max(load_id) as load_id,
        max(finished_at) as finished_at
    from load_runs
    where status in ('ok', 'nothing')
    group by target
),

load_counts as (
    select max(finished_at) as last_load_at
    from succeeded_loads
),

-- The last load of a raw table that rejected anything, if it failed and none since
-- has succeeded
failed_loads as (
    select
        load_rejects.target,
        max(load_rejects.load_id) as load_id
    from load_rejects
    left join succeeded_loads
        on load_rejects.target = succeeded_loads.target
    where load_rejects.load_id > coalesce(succeeded_loads.load_id, -1)
    group by load_rejects.target
),

reject_counts as (
    select count(*) as open_rejects
    from load_rejects
    left join newest_versions
        on
            load_rejects.target = newest_versions.target
            and load_rejects.uri = newest_versions.uri
            and load_rejects.load_id = newest_versions.load_id
            and newest_versions.status in ('loaded', 'rejected')
    left join failed_loads
        on
            load_rejects.target = failed_loads.target
            and load_rejects.load_id = failed_loads.load_id
    where
        newest_versions.uri is not null
        or failed_loads.load_id is not null
),

-- One row per reason that occurs
reason_counts as (
    select
        'events_quarantined_' || quarantine_reason as measure,
        count(*) as quarantined
    from events
    where quarantine_reason is not null
    group by quarantine_reason
    union all
    select
        'songs_quarantined_' || quarantine_reason as measure,
        count(*) as quarantined
    from catalogue
    where quarantine_reason is not null
    group by quarantine_reason
),

measured as (
    select
        measures.measure,
        measures.out_of,
        measures.explanation,
        measures.sort_order,
        case measures.measure
            when 'plays' then play_counts.plays
            when 'plays_with_song' then play_counts.with_song
            when 'plays_with_doubtful_song' then play_counts.with_doubtful_song
            when 'plays_with_artist' then play_counts.with_artist
            when 'plays_with_shared_name' then play_counts.with_shared_name
            when 'plays_with_repaired_text' then repair_counts.plays
            when 'plays_with_damaged_text' then play_counts.with_damaged_text
            when 'events' then event_counts.events
            when 'events_repeated' then delivery_counts.events - event_counts.events
            when 'sessions_with_gaps' then session_counts.with_gaps
            when 'events_quarantined' then event_counts.quarantined
            when 'songs' then song_counts.songs
            when 'songs_repeated' then delivery_counts.songs - catalogue_counts.songs
            when 'songs_with_year' then song_counts.with_year
            when 'songs_with_damaged_text' then song_counts.with_damaged_text
            when 'songs_quarantined' then catalogue_counts.quarantined
            when 'files' then live_file_counts.with_rows
            when 'files_gone' then live_file_counts.gone
            when 'files_left_out' then live_file_counts.left_out
            when 'files_rejected' then known_file_counts.rejected
            when 'rows_rejected' then live_file_counts.rows_rejected
            when 'rejects_open' then reject_counts.open_rejects
            else
                case
                    when measures.measure like '%_quarantined_%'
                        then coalesce(reason_counts.quarantined, 0)
                end
        end as value,
        case measures.out_of
            when 'requests of NextSong' then event_counts.requests
            when 'plays' then play_counts.plays
            when 'delivered events' then delivery_counts.events
            when 'events' then event_counts.events
            when 'sessions' then session_counts.sessions
            when 'delivered songs' then delivery_counts.songs
            when 'songs' then song_counts.songs
            when 'known files' then known_file_counts.files
            when 'rows of loaded files' then live_file_counts.rows_in_files
        end as total,
        case measures.measure
            when 'last_event' then event_counts.last_event_at
            when 'last_load' then load_counts.last_load_at
        end as moment
    from measures
    cross join play_counts
    cross join repair_counts
    cross join event_counts
    cross join catalogue_counts
    cross join song_counts
    cross join delivery_counts
    cross join session_counts
    cross join known_file_counts
    cross join live_file_counts
    cross join load_counts
    cross join reject_counts
    left join reason_counts
        on measures.measure = reason_counts.measure
),

data_quality as (
    select
        measure,
        out_of,
        explanation,
        sort_order,
        cast(value as bigint) as value,
        cast(total as bigint) as total,
        case when total > 0 then cast(value as double precision) / total end as share,
        moment
    from measured
)

select * from data_quality
