-- Two deliveries of one event that say different things: stg_events keeps the newest.
{{ config(severity='warn') }}

with contents as (
    select distinct
        sessionid,
        iteminsession,
        ts,
        userid,
        page,
        auth,
        method,
        status,
        level,
        firstname,
        lastname,
        gender,
        location,
        registration,
        useragent,
        song,
        artist,
        length
    from {{ source('staging', 'staging_events') }}
    where
        sessionid is not null
        and iteminsession is not null
        and ts is not null
)

select
    sessionid,
    iteminsession,
    ts,
    count(*) as contents
from contents
group by sessionid, iteminsession, ts
having count(*) > 1
