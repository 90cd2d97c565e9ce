with staging_events as (
    select * from {{ source('staging', 'staging_events') }}
),

-- An event is known by session, item and ts. The log may deliver it again: the newest
-- load wins, then the last file and line. Without a whole key nothing is a repetition.
latest_deliveries as (
    select *
    from staging_events as deliveries
    qualify
        row_number() over (
            partition by sessionid, iteminsession, ts
            order by _load_id desc, _source_uri desc, _line desc
        ) = 1
        or sessionid is null
        or iteminsession is null
        or ts is null
),

cleaned_events as (
    select
        sessionid as session_id,
        iteminsession as item_in_session,
        regexp_replace({{ clean_text('userid') }}, '[.]0+$', '') as user_id_text,
        {{ clean_text('page') }} as page,
        {{ clean_text('auth') }} as auth,
        {{ clean_text('method') }} as method,
        {{ clean_text('level') }} as level,
        {{ clean_text('firstname') }} as first_name,
        {{ clean_text('lastname') }} as last_name,
        {{ clean_text('gender') }} as gender,
        {{ clean_text('location') }} as location,
        {{ clean_text(without_outer_quotes('useragent')) }} as user_agent,
        {{ clean_text(repair_double_utf8('song')) }} as song_title,
        {{ clean_text(repair_double_utf8('artist')) }} as artist_name,
        length as duration,
        status,
        ts,
        -- outside 2010 to 2099 a ts is no moment of this service
        case
            when ts between 1262304000000 and 4102444799999
                then {{ epoch_ms_to_timestamp('ts') }}
        end as event_at,
        case
            when registration between 0 and 4102444799999
                then {{ epoch_ms_to_timestamp('cast(registration as bigint)') }}
        end as registered_at,
        _load_id as load_id,
        _source_uri as source_uri,
        _line as line
    from latest_deliveries
),

identified_events as (
    select
        *,
        case
            when user_id_text similar to '[0-9]{1,18}' then cast(user_id_text as bigint)
        end as user_id
    from cleaned_events
),

events as (
    select
        session_id,
        item_in_session,
        user_id,
        page,
        auth,
        method,
        level,
        first_name,
        last_name,
        gender,
        location,
        user_agent,
        song_title,
        artist_name,
        {{ match_key('song_title') }} as title_key,
        {{ match_key('artist_name') }} as artist_key,
        case
            when event_at is null then 'no_timestamp'
            when page = 'NextSong' and user_id is null then 'no_user'
            when page = 'NextSong' and (session_id is null or item_in_session is null)
                then 'no_session'
            when page = 'NextSong' and (song_title is null or artist_name is null)
                then 'no_song'
            when page = 'NextSong' and (duration is null or duration <= 0)
                then 'no_duration'
            when
                user_id is not null
                and (level is null or level not in ('free', 'paid'))
                then 'no_level'
        end as quarantine_reason,
        duration,
        status,
        ts,
        event_at,
        registered_at,
        load_id,
        source_uri,
        line
    from identified_events
)

select * from events
