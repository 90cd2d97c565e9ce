-- What `invoke load --external` says to Redshift after it has registered the raw files
-- with Glue: an external schema, and views with the columns of the raw tables.

create external schema if not exists landing
from data catalog database 'sparkify_dev'
iam_role default;

create schema if not exists staging_external;

begin;

drop view if exists staging_external.staging_events;

create view staging_external.staging_events as
select
    cast(artist as varchar(1024)) as artist,
    cast(auth as varchar(32)) as auth,
    cast(firstname as varchar(256)) as firstname,
    cast(gender as varchar(16)) as gender,
    cast(iteminsession as integer) as iteminsession,
    cast(lastname as varchar(256)) as lastname,
    cast(length as double precision) as length,
    cast(level as varchar(16)) as level,
    cast(location as varchar(1024)) as location,
    cast(method as varchar(16)) as method,
    cast(page as varchar(64)) as page,
    cast(registration as double precision) as registration,
    cast(sessionid as bigint) as sessionid,
    cast(song as varchar(1024)) as song,
    cast(status as integer) as status,
    cast(ts as bigint) as ts,
    cast(useragent as varchar(1024)) as useragent,
    cast(userid as varchar(64)) as userid,
    cast(0 as bigint) as _load_id,
    cast("$path" as varchar(1024)) as _source_uri,
    cast(null as integer) as _line
from landing.staging_events
with no schema binding;

drop view if exists staging_external.staging_songs;

create view staging_external.staging_songs as
select
    cast(num_songs as integer) as num_songs,
    cast(artist_id as varchar(96)) as artist_id,
    cast(artist_latitude as double precision) as artist_latitude,
    cast(artist_longitude as double precision) as artist_longitude,
    cast(artist_location as varchar(1024)) as artist_location,
    cast(artist_name as varchar(1024)) as artist_name,
    cast(song_id as varchar(96)) as song_id,
    cast(title as varchar(1024)) as title,
    cast(duration as double precision) as duration,
    cast(year as integer) as year,
    cast(0 as bigint) as _load_id,
    cast("$path" as varchar(1024)) as _source_uri,
    cast(null as integer) as _line
from landing.staging_songs
with no schema binding;

commit;
