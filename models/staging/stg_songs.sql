{% set alike -%}
    partition by
        delivered_id, num_songs, artist_id, artist_latitude, artist_longitude,
        artist_location, artist_name, song_id, title, duration, year
{%- endset %}
with deliveries as (
    select
        *,
        {{ clean_text('song_id') }} as delivered_id
    from {{ source('staging', 'staging_songs') }}
),

-- Without an id nothing is a repetition
repeated_ids as (
    select delivered_id
    from deliveries
    where delivered_id is not null
    group by delivered_id
    having count(*) > 1
),

single_deliveries as (
    select
        deliveries.*,
        1 as recency,
        1 as newest_alike,
        1 as alike
    from deliveries
    left join repeated_ids
        on deliveries.delivered_id = repeated_ids.delivered_id
    where repeated_ids.delivered_id is null
),

-- The newest load of a song wins, then the last file and line
repeated_deliveries as (
    select
        deliveries.*,
        row_number() over (
            partition by deliveries.delivered_id
            order by
                deliveries._load_id desc,
                deliveries._source_uri desc,
                deliveries._line desc
        ) as recency
    from deliveries
    inner join repeated_ids
        on deliveries.delivered_id = repeated_ids.delivered_id
),

compared_deliveries as (
    select
        repeated_deliveries.*,
        min(recency) over ({{ alike }}) as newest_alike,
        count(*) over ({{ alike }}) as alike
    from repeated_deliveries
),

-- What says the same as the newest delivery is left out; what contradicts it stays, in
-- quarantine
kept_deliveries as (
    select * from single_deliveries
    union all
    select * from compared_deliveries
    where
        recency = 1
        or newest_alike > 1
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
        _line as line,
        newest_alike > 1 as is_contradicted,
        case when newest_alike = 1 then alike - 1 else 0 end as repetitions
    from kept_deliveries
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
            when is_contradicted then 'conflicting_duplicate'
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
        cast(repetitions as integer) as repetitions,
        load_id,
        source_uri,
        line
    from cleaned_songs
)

select * from songs
