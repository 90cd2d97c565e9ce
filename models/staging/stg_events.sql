{% set alike -%}
    partition by
        sessionid, iteminsession, ts, artist, auth, firstname, gender, lastname, length,
        level, location, method, page, registration, song, status, useragent, userid
{%- endset %}
{#
    Written out where it is read, not a table expression: DuckDB would keep one that is
    read more than once in memory, all of the log with all its columns.
#}
{% set deliveries %}
    select
        staging_events.*,
        {{ event_day('staging_events.ts') }} as date
    from (select * from {{ source('staging', 'staging_events') }}) as staging_events
    {% if is_incremental() or not execute %}
        inner join touched_files
            on
                staging_events._load_id = touched_files.load_id
                and staging_events._source_uri = touched_files.source_uri
                and {{ event_day('staging_events.ts') }} = touched_files.date
    {% else %}
        where coalesce(staging_events._load_id, 0) <= {{ newest_known_load() }}
    {% endif %}
{% endset %}

with

{% if is_incremental() or not execute %}
    touched_files as (
        select
            source_uri,
            date,
            load_id
        from {{ ref('event_files') }}
        where date in ({{ touched_days() }})
    ),
{% endif %}

-- An event is known by session, item and ts. Without a whole key nothing is a repetition.
repeated_keys as (
    select
        sessionid,
        iteminsession,
        ts
    from ({{ deliveries }}) as deliveries
    where
        sessionid is not null
        and iteminsession is not null
        and ts is not null
    group by sessionid, iteminsession, ts
    having count(*) > 1
),

single_deliveries as (
    select
        deliveries.*,
        1 as recency,
        1 as newest_alike,
        1 as alike
    from ({{ deliveries }}) as deliveries
    left join repeated_keys
        on
            deliveries.sessionid = repeated_keys.sessionid
            and deliveries.iteminsession = repeated_keys.iteminsession
            and deliveries.ts = repeated_keys.ts
    where repeated_keys.ts is null
),

-- The newest load wins, then the last file and line
repeated_deliveries as (
    select
        deliveries.*,
        row_number() over (
            partition by deliveries.sessionid, deliveries.iteminsession, deliveries.ts
            order by
                deliveries._load_id desc,
                deliveries._source_uri desc,
                deliveries._line desc
        ) as recency
    from ({{ deliveries }}) as deliveries
    inner join repeated_keys
        on
            deliveries.sessionid = repeated_keys.sessionid
            and deliveries.iteminsession = repeated_keys.iteminsession
            and deliveries.ts = repeated_keys.ts
),

compared_deliveries as (
    select
        repeated_deliveries.*,
        min(recency) over ({{ alike }}) as newest_alike,
        count(*) over ({{ alike }}) as alike
    from repeated_deliveries
),

-- What says the same as the newest is left out; what contradicts it is quarantined
kept_deliveries as (
    select * from single_deliveries
    union all
    select * from compared_deliveries
    where
        recency = 1
        or newest_alike > 1
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
        case
            when {{ is_moment('ts') }}
                then {{ epoch_ms_to_timestamp('ts') }}
        end as event_at,
        case
            when registration between 0 and 4102444799999
                then {{ epoch_ms_to_timestamp('cast(registration as bigint)') }}
        end as registered_at,
        date,
        newest_alike > 1 as is_contradicted,
        case when newest_alike = 1 then alike - 1 else 0 end as repetitions,
        _load_id as load_id,
        _source_uri as source_uri,
        _line as line
    from kept_deliveries
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
            when is_contradicted then 'conflicting_duplicate'
            when event_at is null then 'no_timestamp'
            when page = 'NextSong' and user_id is null then 'no_user'
            when page = 'NextSong' and (session_id is null or item_in_session is null)
                then 'no_session'
            when page = 'NextSong' and (song_title is null or artist_name is null)
                then 'no_song'
            -- sums of less than a millisecond or of 1e308 s would end in an error
            when
                page = 'NextSong'
                and (duration is null or duration not between 0.001 and 86400)
                then 'no_duration'
            when
                user_id is not null
                and (level is null or level not in ('free', 'paid'))
                then 'no_level'
        end as quarantine_reason,
        duration,
        status,
        ts,
        cast(repetitions as integer) as repetitions,
        date,
        event_at,
        registered_at,
        load_id,
        source_uri,
        line
    from identified_events
)

select * from events
